#include "codegen/jit/jit_functions.h"

#include <cstdlib>
#include <new>

#include <malloc.h>

#include "codegen/functions/function_emitter.h"
#include "ir/logs.h"
#include "ir/module.h"
#include "support/error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Support/BLAKE3.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// The function that initializes the state runs once, and that for logs once an epoch: they are
/// compiled quickly.
llvm::CodeGenOptLevel levelOf(llvm::StringRef name) {
  bool runsOnce = name == ir::kInit || name == ir::kResults;
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
    : profiled(profiled), library(target) {
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

namespace {

/// Code that is to become an object, by the key that it has in the cache; empty for none.
struct Unit {
  std::string key;
  std::unique_ptr<ModuleWithContext> module;
  const SharedKernel *kernel = nullptr; ///< null: what is around kernels
};

constexpr size_t kManyKernels = 64;

/// What the machine code of a module follows from, besides the target.
std::string keyOf(const llvm::Module &module, const std::string &compiler,
                  llvm::CodeGenOptLevel level) {
  llvm::SmallString<0> bitcode;
  llvm::raw_svector_ostream os(bitcode);
  llvm::WriteBitcodeToFile(module, os);
  llvm::TruncatedBLAKE3<16> hasher;
  hasher.update(bitcode);
  return fmt::format("function.{}.{}.{}", static_cast<int>(level),
                     llvm::toHex(hasher.final(), /*LowerCase=*/true), compiler);
}

} // namespace

/// Objects of one function: one for each of its kernels that no function before it has, and one for
/// what is around them. The largest kernels are compiled first, so that the threads end together.
JitFunctions::Objects JitFunctions::makeObjects(const JitFunction &function) const {
  mlir::func::FuncOp source = function.source;
  std::string name = source.getName().str();
  llvm::CodeGenOptLevel level = levelOf(name);
  FunctionEmitter emitter(source, name, library, level);
  if (profiled) {
    function.profile = std::make_unique<FunctionProfile>(emitter.wavesOfKernels());
    emitter.setProfile(function.profile.get());
  }
  Objects objects;
  std::vector<Unit> units;
  llvm::SmallVector<SharedKernel *, 0> missing = emitter.missingKernels();
  llvm::stable_sort(missing, [](const SharedKernel *a, const SharedKernel *b) {
    return a->codeSize() > b->codeSize();
  });
  for (SharedKernel *kernel : missing) {
    if (auto cached = cache.find(kernel->name())) {
      kernel->adopt(cached->scratchBytes);
      objects.push_back(std::move(cached->object));
      continue;
    }
    Unit &unit = units.emplace_back(
        Unit{kernel->name(), ModuleWithContext::create(kernel->name(), library.target()), kernel});
    kernel->emit(*unit.module->module);
  }
  Unit around{"", ModuleWithContext::create(name, library.target())};
  emitter.emitEntry(*around.module->module);
  function.scratchBytes = static_cast<size_t>(emitter.scratchBytes());
  // Code that is profiled has an address of this process in it.
  if (!profiled)
    around.key = keyOf(*around.module->module, library.compiler(), level);
  if (auto cached = around.key.empty() ? std::nullopt : cache.find(around.key))
    objects.push_back(std::move(cached->object));
  else
    units.push_back(std::move(around));

  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  for (Unit &unit : units)
    modules.push_back(std::move(unit.module));
  auto compiled = jit->compile(modules, level);
  if (!compiled)
    failInternally(compiled.takeError());
  for (auto [unit, object] : llvm::zip_equal(units, *compiled)) {
    if (!unit.key.empty())
      cache.store(unit.key, *object, unit.kernel ? unit.kernel->scratchBytes() : 0);
    objects.push_back(std::move(object));
  }
  // What compiling many kernels took is large beside what a step needs; the allocator would keep
  // it.
  if (units.size() >= kManyKernels)
    malloc_trim(0);
  cache.trim();
  return objects;
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
  if (llvm::Error error = jit->addObjects(makeObjects(function)))
    failInternally(std::move(error));
  auto address = jit->lookupFunction<JitFunction::Entry>(source.getName());
  if (!address)
    failInternally(address.takeError());
  function.entry.store(*address, std::memory_order_release);
}

} // namespace lamina::codegen
