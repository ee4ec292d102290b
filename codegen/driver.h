#pragma once

#include <memory>
#include <string>

#include "codegen/compiled_model.h"
#include "codegen/target/target.h"
#include "ir/signature.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/pipelines.h"

/// From an imported module to native code in this process.
namespace lamina::codegen {

struct CompileOptions {
  TargetSpec target = hostTarget();
  unsigned compileThreads = 2;
  /// On: functions compiled into this process report what their kernels take (profile.h).
  bool profiled = false;
  /// Switches of single passes; lanes and registers are set from the target.
  passes::PipelineOptions passes;
};

/// Runs all stages up to `upTo` on a module of the import stage. Throws UserError with the first
/// diagnostic, its location (the layer) and what was being done.
void lower(mlir::ModuleOp module, passes::Stage upTo, const CompileOptions &options);

/// What the functions of a module take and give, from their signatures (ir/signature.h). State and
/// workspace sizes are those of the memory stage, 0 before it. Throws UserError when a signature
/// does not hold, or when two functions differ in what they share.
Signature makeSignature(mlir::ModuleOp module);

/// The signature of one function. Throws UserError when it does not hold.
ir::FunctionSignature signatureOf(mlir::func::FuncOp function);

/// LLVM IR text of all functions of a module of the memory stage, kernels included: what machine
/// code for `target` is generated from. Throws UserError when code generation fails.
std::string emitLlvmText(mlir::ModuleOp module, const TargetSpec &target);

/// Compiles a module of the memory stage (lower) into this process, each function when it is first
/// called. The module must live as long as the result and stay as it is (see JitFunctions).
std::unique_ptr<CompiledModel> compileJit(mlir::ModuleOp module, const CompileOptions &options);

} // namespace lamina::codegen
