#include "codegen/driver.h"

#include "codegen/first_error.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace lamina::codegen {

void lower(ModuleOp module, passes::Stage upTo, const CompileOptions &options) {
  MLIRContext *context = module.getContext();
  FirstError error(context);
  passes::PipelineOptions pipeline = options.passes;
  pipeline.lanes = options.target.vectorLanes(sizeof(float));
  pipeline.registers = options.target.vectorRegisters;
  PassManager manager(context);
  manager.enableVerifier(true);
  passes::buildPipeline(manager, upTo, pipeline);
  if (failed(manager.run(module)))
    error.raise("the model could not be compiled");
}

} // namespace lamina::codegen
