#pragma once

#include "codegen/emit/loops.h"
#include "codegen/expressions/expression.h"

namespace lamina::codegen {

/// The running value of a reduction or argmax, in lanes or as a scalar. An argmax carries the best
/// value and its index.
class Accumulator {
public:
  Accumulator(llvm::IRBuilder<> &builder, mlir::Operation *anchor, unsigned lanes);

  mlir::Operation *getAnchor() const { return anchor; }
  mlir::Value getOperand() const { return anchor->getOperand(0); }

  /// The result of a reduction of nothing, for each carried value.
  Values initial(bool vector) const;

  /// Takes in one element per lane. `position` is the index along an argmax's dimension (i32, used
  /// by argmax alone). Lanes outside the mask keep their values.
  Values combine(const Values &carried, llvm::Value *element, llvm::Value *position,
                 llvm::Value *mask) const;

  /// Joins two running values; `b` covers elements behind those of `a`.
  Values join(const Values &a, const Values &b) const;

  /// The scalar result of lanes, joined in a fixed order.
  llvm::Value *reduceLanes(const Values &carried) const;

  /// The result: the last of the carried values.
  llvm::Value *result(const Values &carried) const { return carried.back(); }

  unsigned carriedCount() const { return isArgmax() ? 2 : 1; }

private:
  bool isArgmax() const { return llvm::isa<ir::ArgmaxOp>(anchor); }
  llvm::Value *combineTwo(llvm::Value *a, llvm::Value *b) const;
  llvm::Constant *identity() const;

  llvm::IRBuilder<> &builder;
  mlir::Operation *anchor;
  unsigned lanes;
  mlir::Type element;
};

} // namespace lamina::codegen
