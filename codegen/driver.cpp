#include "codegen/driver.h"

#include "ir/module.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {

std::string layerOf(Location location) {
  std::string name;
  location->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

void lower(ModuleOp module, passes::Stage upTo, const CompileOptions &options) {
  MLIRContext *context = module.getContext();
  std::string message;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error || !message.empty())
      return success();
    std::string layer = layerOf(diagnostic.getLocation());
    message =
        layer.empty() ? diagnostic.str() : fmt::format("layer '{}': {}", layer, diagnostic.str());
    return success();
  });
  passes::PipelineOptions pipeline = options.passes;
  pipeline.lanes = options.target.vectorLanes(sizeof(float));
  pipeline.registers = options.target.vectorRegisters;
  PassManager manager(context);
  manager.enableVerifier(true);
  passes::buildPipeline(manager, upTo, pipeline);
  if (failed(manager.run(module)))
    throw UserError(message.empty() ? "the model could not be compiled" : message);
}

} // namespace lamina::codegen
