#include "codegen/driver.h"
#include "codegen/emit/machine_code.h"
#include "codegen/functions/function_emitter.h"
#include "ir/module.h"
#include "support/error.h"
#include "llvm/IR/Verifier.h"

using namespace mlir;

namespace lamina::codegen {

std::string emitLlvmText(ModuleOp module, const TargetSpec &target) {
  auto model = module->getAttrOfType<StringAttr>(ir::kModelAttr);
  auto owner =
      ModuleWithContext::create(model ? model.getValue() : llvm::StringRef("model"), target);
  KernelLibrary library(target);
  for (auto function : module.getOps<func::FuncOp>())
    FunctionEmitter(function, function.getName().str(), library).emitAll(*owner->module);
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (llvm::verifyModule(*owner->module, &stream))
    fail("code generation failed: {}", text);
  owner->module->print(stream, nullptr);
  return text;
}

} // namespace lamina::codegen
