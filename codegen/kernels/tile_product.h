#pragma once

#include <optional>

#include "codegen/emit/loops.h"
#include "codegen/target/target.h"

/// The micro-kernel of contractions and convolutions: a register tile of sums of outer products.
namespace lamina::codegen {

/// One output position's part in a register tile: constant distance of its input from the tile's
/// first, nothing where the tap at hand lies in the padding.
using RowOffsets = llvm::SmallVector<std::optional<int64_t>, 16>;

/// Outer products: sums[r][v] += left[r][k] * right[v][k] for `length` values of k, where left
/// elements are `leftStride` elements apart from `left` + their row's offset on, and right
/// vectors `rightStride`. `left` is one place for all rows, or one for each.
struct TileProduct {
  llvm::IRBuilder<> &builder;
  const TargetSpec &target;
  llvm::Type *element;
  unsigned lanes;
  int64_t leftStride = 1, rightStride = 1;
  llvm::Value *lastMask = nullptr; ///< of the last right vector; null: all lanes may be read
  /// Elements from what is read on the left to what is prefetched meanwhile; 0: nothing is.
  int64_t ahead = 0;

  /// Adds the products of k = 0 … length - 1. Long sums are made of parts: rounding errors grow
  /// with the length of a part and the number of parts, not with their product.
  Values emit(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows,
              llvm::ArrayRef<llvm::Value *> right, llvm::Value *length, const Values &sums) const;
  /// All sums zero.
  Values zeros(size_t count) const;
  /// first + second.
  Values add(const Values &first, const Values &second) const;

private:
  Values emitPart(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows,
                  llvm::ArrayRef<llvm::Value *> right, llvm::Value *length,
                  const Values &sums) const;
  void prefetchRows(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows) const;
  Values emitStep(llvm::ArrayRef<llvm::Value *> left, const RowOffsets &rows,
                  llvm::ArrayRef<llvm::Value *> right, llvm::Value *k, int64_t offset,
                  const Values &sums) const;
  Values moved(llvm::ArrayRef<llvm::Value *> places, llvm::Value *k, int64_t stride) const;
};

} // namespace lamina::codegen
