#pragma once

#include "codegen/emit/loops.h"
#include "codegen/target/target.h"
#include "ir/operations/winograd.h"

/// Winograd's transforms of squares of vectors in registers.
namespace lamina::codegen {

/// matrix * square * matrix^T. Columns or rows of the matrix that differ in signs alone, as those
/// of opposite points do, share their arithmetic.
class SquareTransform {
public:
  SquareTransform(llvm::IRBuilder<> &builder, const TargetSpec &target, ir::Matrix matrix);

  /// The elements of both squares are row-major.
  Values emit(const Values &square) const;

private:
  /// A linear combination: coefficients that are not zero, and what they belong to.
  using Terms = llvm::SmallVector<std::pair<double, llvm::Value *>>;
  struct Pair {
    size_t first, second;
  };

  static llvm::SmallVector<Pair> findPairs(const ir::Matrix &lines);
  Values emitLine(const Values &elements) const;
  llvm::SmallVector<Terms> termsOfRows(const Values &elements) const;
  llvm::Value *sum(const Terms &terms) const;

  llvm::IRBuilder<> &b;
  const TargetSpec &target;
  ir::Matrix matrix;
  llvm::SmallVector<Pair> rowPairs, columnPairs;
};

} // namespace lamina::codegen
