#pragma once

#include "codegen/emit/loops.h"
#include "codegen/kernels/scratch.h"
#include "codegen/target/target.h"
#include "passes/schedule/convolution_geometry.h"

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

} // namespace lamina::codegen
