#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

/// What has to hold before a gradient and an optimizer can be joined, and what the optimizer has to
/// leave alone.
namespace lamina::passes {

/// Each variable that `function` takes or assigns must be one of the module, with its type.
mlir::LogicalResult verifyVariables(mlir::func::FuncOp function);

/// Each gradient that the optimizer takes must be one of a trainable variable, with its type, and
/// `gradient` must give at least one of them.
mlir::LogicalResult verifyGradients(mlir::func::FuncOp gradient, mlir::func::FuncOp optimizer);

/// Variables that `optimizer` must not assign: the trainable ones without a gradient, and what
/// serves those alone (their slots: variables whose old value only ever reaches new values of this
/// set, and reaches at least one such trainable variable). Keras leaves them out of the update.
llvm::DenseSet<llvm::StringRef>
findUntrained(mlir::func::FuncOp optimizer, llvm::function_ref<bool(llvm::StringRef)> hasGradient);

} // namespace lamina::passes
