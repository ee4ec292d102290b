#pragma once

#include <functional>

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/SetVector.h"

namespace lamina::ir {

/// Sums of values over all iterations of a backward loop: the gradients of what is the same in all
/// of them. A contraction or a sum is taken once behind the loop, over all times, from the stacks
/// of its operands; what is neither is added up by the loop.
class SumsOverTime {
public:
  /// `isForward` tells the operations of the forward pass, `isInvariant` the values that are the
  /// same in all iterations.
  SumsOverTime(std::function<bool(mlir::Operation *)> isForward,
               std::function<bool(mlir::Value)> isInvariant)
      : isForward(std::move(isForward)), isInvariant(std::move(isInvariant)) {}

  /// Notes what the backward loop must have for the sum of `value`; nothing for null.
  void plan(mlir::Value value);
  /// The values whose stacks are read, and those that the loop adds up.
  mlir::ValueRange getStacked() const { return stacked.getArrayRef(); }
  mlir::ValueRange getCarried() const { return carried.getArrayRef(); }

  /// The sum of a planned value, made with `builder` behind the loop.
  mlir::Value build(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                    llvm::function_ref<mlir::Value(mlir::Value)> stackOf,
                    llvm::function_ref<mlir::Value(mlir::Value)> sumOf) const;

private:
  enum class Kind { product, reduction, transposition, sum, carried };

  Kind kindOf(mlir::Value value) const;

  std::function<bool(mlir::Operation *)> isForward;
  std::function<bool(mlir::Value)> isInvariant;
  llvm::SetVector<mlir::Value> stacked, carried;
};

} // namespace lamina::ir
