#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lamina::passes {

/// Replaces every call in `function` by the callee's body, calls within it included. A call of
/// something that has no body, or of a function that calls itself, is an error of the call.
mlir::LogicalResult inlineCalls(mlir::func::FuncOp function);

/// Clones the body of `source` at the insertion point of `builder`, with `arguments` for its
/// arguments, and returns the values that it returns.
llvm::SmallVector<mlir::Value> inlineBody(mlir::OpBuilder &builder, mlir::func::FuncOp source,
                                          mlir::ValueRange arguments);

} // namespace lamina::passes
