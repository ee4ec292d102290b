#pragma once

#include "codegen/loops.h"
#include "codegen/scratch.h"
#include "codegen/target.h"
#include "passes/convolution_geometry.h"

/// Common parts of the kernels of convolutions: addresses in images, tables of taps, register
/// tiles.
namespace lamina::codegen {

/// A dense tensor of rows x axes x channels in memory.
struct Image {
  llvm::Value *pointer = nullptr;
  llvm::Type *element = nullptr;
  llvm::SmallVector<int64_t, 4> strides; ///< elements: of the row, the axes, the channel (1)

  static Image make(llvm::Value *pointer, llvm::Type *element, llvm::ArrayRef<int64_t> axes,
                    int64_t channels);
  int64_t rowStride() const { return strides.front(); }
  int64_t axisStride(size_t axis) const { return strides[axis + 1]; }
};

/// `pointer` advanced by a run-time index times a constant stride of elements.
llvm::Value *advance(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *pointer,
                     llvm::Value *index, int64_t stride);
/// The same with a constant number of elements.
llvm::Value *advance(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *pointer,
                     int64_t elements);

inline constexpr int64_t kCacheLineBytes = 64;
/// Elements of a cache line.
int64_t elementsOfLine(llvm::Type *element);

/// The cache that a line is prefetched into.
enum class CacheLevel { first = 3, second = 2 };
/// Prefetches the cache line at `place`, which may be any address, to be read or written later.
void emitPrefetch(llvm::IRBuilder<> &builder, llvm::Value *place, CacheLevel level,
                  bool write = false);
/// The same for all lines of `count` elements that follow one another.
void emitPrefetchLines(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *place,
                       int64_t count, CacheLevel level, bool write = false);

/// Cache lines of a block of memory: several dimensions of them, outermost first.
class LineGrid {
public:
  /// Adds a dimension of `count` elements that are `step` elements of memory apart.
  void add(int64_t count, int64_t step);
  /// Prefetches part `part` of `parts` of the lines, counted from `place` on, into the second-level
  /// cache.
  void prefetch(llvm::IRBuilder<> &builder, llvm::Type *element, llvm::Value *place,
                llvm::Value *part, int64_t parts) const;

private:
  struct Dimension {
    int64_t count, step;
  };
  llvm::SmallVector<Dimension> dimensions;
};

/// For every output along an axis, the taps that meet the input and where: constants in memory, so
/// that strides, dilations, borders and reversed filters cost one load each per tap of an outer
/// axis.
class TapTable {
public:
  TapTable(llvm::Module &module, const ir::WindowAxis &axis);

  /// Runs `body(position of the tap in the filter, input index, carried)` for all taps of
  /// `output`.
  Values emitLoop(llvm::IRBuilder<> &builder, llvm::Value *output, const Values &initial,
                  const std::function<Values(llvm::Value *position, llvm::Value *input,
                                             const Values &carried)> &body) const;

private:
  llvm::GlobalVariable *counts = nullptr, *entries = nullptr; ///< null: outputs meet their inputs
  int64_t mostTaps;
};

/// The same by tap: the input index that each one meets.
class TapInputs {
public:
  TapInputs(llvm::Module &module, const ir::WindowAxis &axis);

  /// The input index that a tap of `output` meets, given by its position in the filter; negative
  /// where it meets none.
  llvm::Value *find(llvm::IRBuilder<> &builder, llvm::Value *output, llvm::Value *tap) const;

private:
  llvm::GlobalVariable *inputs = nullptr; ///< null: outputs meet their inputs
  int64_t window;
};

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
