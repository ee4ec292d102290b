#include "codegen/jit_functions.h"

#include "codegen/function_emitter.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

[[noreturn]] void failInternally(llvm::Error error) {
  fail("code generation failed: {}", llvm::toString(std::move(error)));
}

/// LLVM IR of one function, its kernels dealt out to as many modules as there are compile threads.
std::vector<std::unique_ptr<ModuleWithContext>>
emitFunction(func::FuncOp function, const TargetSpec &target, unsigned parts) {
  FunctionEmitter emitter(function, function.getName().str(), target);
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  for (unsigned part = 0; part < parts; ++part)
    modules.push_back(ModuleWithContext::create(
        function.getName().str() + ".part" + std::to_string(part), target));
  for (size_t kernel = 0; kernel < emitter.kernelCount(); ++kernel)
    emitter.emitKernel(*modules[kernel % parts]->module, kernel);
  emitter.emitEntry(*modules[0]->module);
  return modules;
}

} // namespace

JitFunctions::JitFunctions(ModuleOp module, const TargetSpec &target, unsigned compileThreads) {
  auto created = JitCompiler::create(target, compileThreads);
  if (!created)
    failInternally(created.takeError());
  jit = std::move(*created);
  for (auto function : module.getOps<func::FuncOp>())
    functions[function.getName()].modules =
        emitFunction(function, target, std::max(1u, compileThreads));
}

JitFunctions::~JitFunctions() = default;

JitFunctions::Entry *JitFunctions::get(llvm::StringRef name) const {
  std::lock_guard lock(mutex);
  auto found = functions.find(name);
  if (found == functions.end())
    fail("the model has no function '{}'", name.str());
  Function &function = found->second;
  if (function.entry)
    return function.entry;
  if (llvm::Error error = jit->add(std::move(function.modules)))
    failInternally(std::move(error));
  auto address = jit->lookupFunction<Entry>(name);
  if (!address)
    failInternally(address.takeError());
  return function.entry = *address;
}

} // namespace lamina::codegen
