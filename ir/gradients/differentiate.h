#pragma once

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"

/// Reverse-mode differentiation of one block: of the loss function, or of the body of an operation
/// whose gradient rule asks for it.
namespace lamina::ir {

/// The gradients of the `wanted` values, block arguments of `block` or values captured from
/// outside, given `seeds`, one gradient per operand of the block's terminator: null where the loss
/// does not depend on that operand. Null for wanted values that no gradient reaches.
///
/// The operations that compute them are made with `builder`, from the last to the first operation
/// that they stand for; they use values of `block`, so these must be visible where `builder`
/// stands. Gradients of a value with several uses are added from its last use to its first. An
/// operation on the way from a wanted value to a seed that has no gradient rule is an error of that
/// operation.
///
/// Rules write the gradients of all operands; eraseDeadOperations() removes those that nobody used.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> differentiate(mlir::Block &block,
                                                              mlir::ValueRange seeds,
                                                              mlir::ValueRange wanted,
                                                              mlir::OpBuilder &builder);

/// The floating-point values of `block` that depend on the `wanted` ones, those among them.
llvm::DenseSet<mlir::Value> findVarying(mlir::Block &block, mlir::ValueRange wanted);

/// Erases the operations of `block` whose results are not used, directly or at last, by anything
/// that stays.
void eraseDeadOperations(mlir::Block &block);

} // namespace lamina::ir
