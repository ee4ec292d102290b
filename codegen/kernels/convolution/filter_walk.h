#pragma once

#include "codegen/kernels/convolution/computed_image.h"
#include "codegen/kernels/convolution/filter_panels.h"
#include "codegen/kernels/kernel_emitter.h"

/// How gradients by a filter walk both images: for each tap, the stretch of positions at which an
/// element of the input meets one of the result's gradient.
namespace lamina::codegen {

/// Where one tap's positions along an axis begin in both images and how many there are; i64.
struct TapStretch {
  llvm::Value *input, *gradient, *length;
};

/// The taps of one axis, in memory. Steps from one position to the next are constants.
class StretchTable {
public:
  StretchTable(llvm::Module &module, const ir::WindowAxis &axis);

  int64_t inputStep = 1, gradientStep = 1;
  int64_t positions = 1; ///< that blocks of the walk are cut from

  /// The stretch of the tap at `position` in the filter.
  TapStretch load(llvm::IRBuilder<> &builder, llvm::Value *position) const;
  /// The part of it that lies in [begin, end) of the walk's positions.
  TapStretch loadPart(llvm::IRBuilder<> &builder, llvm::Value *position, llvm::Value *begin,
                      llvm::Value *end) const;

private:
  llvm::GlobalVariable *table; ///< first position, input, gradient, length for each tap
};

/// The common part of both emitters of gradients by filters. A task owns some channels x filters,
/// of one tap of the first axis or of all, in one slice of the images; it goes through their
/// positions in blocks (whole images, or some positions of the first axis) and, for each block,
/// through all other taps. The sums are stored in the result between blocks, which follow from
/// shapes alone, so the order of every sum does.
class FilterWalkEmitter : public KernelEmitter {
public:
  /// Whether each tap of the first axis has tasks of its own.
  enum class FirstTaps { Apart, Within };

  /// The common fields of the families' schedules.
  struct WalkPlan {
    int64_t tileRows, tileVectors, channels, columns, positions, images;
  };

  FilterWalkEmitter(const KernelJob &job, const TargetSpec &target, FirstTaps firstTaps,
                    const WalkPlan &plan);
  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override;

protected:
  using Range = std::pair<llvm::Value *, llvm::Value *>;

  /// Adds the products of the block at hand. `images`, `positions`, `channels`, `columns`, `group`
  /// and, if it has tasks of its own, `firstTap` are set.
  virtual void emitBlock() = 0;
  /// Called in the function's entry, before any loop.
  virtual void prepare() {}

  void emitTask(llvm::Value *task) override;
  int64_t filtersOfPixel() { return geometry.filters * geometry.groups; }
  /// Prefetches a tile's share of the operands of the next block, so that memory is busy while
  /// tiles are at work: `row` and `column` are the tile's first in the task, which has `rows` rows.
  void prefetchNextBlock(llvm::Value *row, llvm::Value *column, int64_t rows);
  /// The stretch within the block of a tap of the first axis.
  TapStretch blockStretch(llvm::Value *tap) {
    return tables[0].loadPart(b(), tap, positions.first, positions.second);
  }
  /// Of an element of the result.
  llvm::Value *resultAddress(llvm::Value *tap, llvm::Value *channel, llvm::Value *column);
  /// Adds sums of `vectors` vectors a row to the result's rows from `channel` on. `mask` applies to
  /// the last vector.
  void addToResult(llvm::Value *tap, llvm::Value *channel, llvm::Value *column,
                   llvm::ArrayRef<llvm::Value *> sums, int64_t vectors, llvm::Value *mask);
  /// Elements from one position of an axis to the next.
  int64_t inputStep(size_t axis) { return tables[axis].inputStep * input.axisStride(axis); }
  int64_t gradientStep(size_t axis) {
    return tables[axis].gradientStep * gradient.axisStride(axis);
  }

  ir::FilterGradientOp op;
  passes::ConvolutionGeometry geometry;
  int64_t tileRows, tileWidth;
  int64_t channelsPerTask, columnsPerTask, blockLength, imagesPerBlock;
  llvm::SmallVector<PanelWalk> walks; ///< of all axes

  llvm::Type *element = nullptr;
  Image input, gradient;
  std::vector<StretchTable> tables;
  Range channels, columns; ///< of the task
  Range images, positions; ///< of the block; positions along the first axis
  llvm::Value *group = nullptr, *firstTap = nullptr;
  llvm::SmallVector<TapStretch> stretches; ///< of the tap at hand

private:
  /// Taps of the first axis that tasks are shared out by.
  int64_t sharedTaps() const {
    return firstTaps == FirstTaps::Apart ? geometry.axes.front().window : 1;
  }
  void bindMemory();
  /// Computes the operands' parts that the block at hand reads, where they are not in memory.
  void computeOperands();
  void emitZeros();
  void prefetchNext(const Image &image, int64_t step, llvm::ArrayRef<PanelAxis> axes,
                    llvm::Value *channel, int64_t count, llvm::Value *part, int64_t parts);

  FirstTaps firstTaps;
  std::optional<ComputedImage> computedInput, computedGradient; ///< operands that are not in memory
  llvm::Value *slice = nullptr;                                 ///< null: there is one
};

} // namespace lamina::codegen
