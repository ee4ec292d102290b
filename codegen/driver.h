#pragma once

#include <memory>

#include "codegen/compiled_model.h"
#include "codegen/target.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/pipelines.h"

/// From an imported module to native code in this process.
namespace lamina::codegen {

struct CompileOptions {
  TargetSpec target = hostTarget();
  unsigned compileThreads = 2;
  /// Switches of single passes; lanes and registers are set from the target.
  passes::PipelineOptions passes;
};

/// Runs all stages up to `upTo` on a module of the import stage. Throws UserError with the first
/// diagnostic, its location (the layer) and what was being done.
void lower(mlir::ModuleOp module, passes::Stage upTo, const CompileOptions &options);

/// What the functions of a module take and give. State and workspace sizes are those of the memory
/// stage, 0 before it.
Signature makeSignature(mlir::ModuleOp module);

/// Compiles a module of the memory stage (lower) into this process. The result does not need the
/// module any more.
std::unique_ptr<CompiledModel> compileJit(mlir::ModuleOp module, const CompileOptions &options);

} // namespace lamina::codegen
