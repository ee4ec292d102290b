#include "codegen/jit/jit_functions.h"

#include <cstdlib>
#include <new>

#include "codegen/functions/function_emitter.h"
#include "ir/logs.h"
#include "ir/module.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Functions that move or initialize the state run once, and that for logs once an epoch: they are
/// compiled quickly.
llvm::CodeGenOptLevel levelOf(llvm::StringRef name) {
  bool runsOnce = llvm::is_contained({ir::kInit, ir::kLoad, ir::kSave, ir::kResults}, name);
  return runsOnce ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default;
}

[[noreturn]] void failInternally(llvm::Error error) {
  fail("code generation failed: {}", llvm::toString(std::move(error)));
}

/// Memory of the calling thread that only grows; null for none.
void *scratchOfThread(size_t bytes) {
  constexpr size_t kAlignment = 4096;
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  thread_local std::unique_ptr<void, Free> memory;
  thread_local size_t size = 0;
  if (size < bytes) {
    size = llvm::alignTo(bytes, kAlignment);
    memory.reset(std::aligned_alloc(kAlignment, size));
    if (!memory) {
      size = 0;
      throw std::bad_alloc();
    }
  }
  return memory.get();
}

} // namespace

int JitFunction::operator()(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                            const void *const *arguments, void *const *results) const {
  Entry *native = entry.load(std::memory_order_acquire);
  if (!native) {
    compile();
    native = entry.load(std::memory_order_acquire);
  }
  return native(env, state, workspace, rows, arguments, results, scratchOfThread(scratchBytes));
}

void JitFunction::compile() const {
  owner->compile(*this);
}

JitFunctions::JitFunctions(ModuleOp module, const TargetSpec &target, unsigned compileThreads,
                           bool profiled)
    : compileThreads(std::max(1u, compileThreads)), profiled(profiled), library(target) {
  auto created = JitCompiler::create(target, compileThreads);
  if (!created)
    failInternally(created.takeError());
  jit = std::move(*created);
  for (auto source : module.getOps<func::FuncOp>()) {
    JitFunction &function = functions[source.getName()];
    function.owner = this;
    function.source = source;
  }
}

JitFunctions::~JitFunctions() = default;

/// LLVM IR of one function, its new kernels dealt out to as many modules as there are compile
/// threads: the largest that is left goes to the module with the least code.
std::vector<std::unique_ptr<ModuleWithContext>>
JitFunctions::emit(const JitFunction &function) const {
  mlir::func::FuncOp source = function.source;
  std::string name = source.getName().str();
  FunctionEmitter emitter(source, name, library, levelOf(name));
  if (profiled) {
    function.profile = std::make_unique<FunctionProfile>(emitter.wavesOfKernels());
    emitter.setProfile(function.profile.get());
  }
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  for (unsigned part = 0; part < compileThreads; ++part)
    modules.push_back(
        ModuleWithContext::create(name + ".part" + std::to_string(part), library.target()));
  llvm::SmallVector<SharedKernel *, 0> missing = emitter.missingKernels();
  llvm::stable_sort(missing, [](const SharedKernel *a, const SharedKernel *b) {
    return a->codeSize() > b->codeSize();
  });
  std::vector<int64_t> load(compileThreads);
  for (SharedKernel *kernel : missing) {
    auto least = std::min_element(load.begin(), load.end());
    *least += kernel->codeSize();
    kernel->emit(*modules[least - load.begin()]->module);
  }
  emitter.emitEntry(*modules[0]->module);
  function.scratchBytes = static_cast<size_t>(emitter.scratchBytes());
  return modules;
}

FunctionProfile *JitFunctions::profile(llvm::StringRef name) const {
  auto found = functions.find(name);
  if (found == functions.end() || !found->second.entry.load(std::memory_order_acquire))
    return nullptr;
  return found->second.profile.get();
}

const JitFunction &JitFunctions::find(llvm::StringRef name) const {
  auto found = functions.find(name);
  if (found == functions.end())
    fail("the model has no function '{}'", name.str());
  return found->second;
}

void JitFunctions::compile(const JitFunction &function) const {
  std::lock_guard lock(mutex);
  if (function.entry.load(std::memory_order_relaxed))
    return;
  mlir::func::FuncOp source = function.source;
  if (llvm::Error error = jit->add(emit(function), levelOf(source.getName())))
    failInternally(std::move(error));
  auto address = jit->lookupFunction<JitFunction::Entry>(source.getName());
  if (!address)
    failInternally(address.takeError());
  function.entry.store(*address, std::memory_order_release);
}

} // namespace lamina::codegen
