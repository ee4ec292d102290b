#pragma once

#include "codegen/kernels/convolution/computed_image.h"
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/tile_product.h"
#include "passes/families/families.h"
#include "passes/schedule/convolution_geometry.h"

/// The emitter of convolutions, depthwise ones among them: see convolution_kernel.cpp for how it
/// goes through them, convolution_blocks.cpp for sums in blocks and for results.
namespace lamina::codegen {

/// The common fields of the schedules of convolutions and of depthwise ones.
struct ConvolutionPlan {
  int64_t tileRows, tileVectors, channels, lines, positions, columns;
  bool ahead;
};

class ConvolutionEmitter final : public KernelEmitter {
public:
  ConvolutionEmitter(const KernelJob &job, const TargetSpec &target, const ConvolutionPlan &plan)
      : KernelEmitter(job, target), op(passes::anchorAs<ir::ConvolutionOp>(kernel())),
        geometry(passes::ConvolutionGeometry::of(op, passes::canMergeAxes(kernel()))),
        last(geometry.lastAxis()), phases(last.phases()), tileRows(plan.tileRows),
        tileWidth(plan.tileVectors * lanes), channelsPerBlock(plan.channels),
        linesPerTask(plan.lines), positionsPerTask(plan.positions), columnsPerTask(plan.columns),
        prefetchesAhead(plan.ahead), sumStages(passes::anchorsByStage(kernel())) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override;

private:
  int64_t lineBlocks() { return llvm::divideCeil(geometry.lines(), linesPerTask); }
  int64_t positionBlocks() { return llvm::divideCeil(phases[0].count, positionsPerTask); }
  int64_t columnBlocks() { return llvm::divideCeil(geometry.filters, columnsPerTask); }

  //===--- Tasks --------------------------------------------------------------------------------//

  void emitTask(llvm::Value *task) override;

  bool hasBlocks() const { return channelsPerBlock > 0; }

  void bindMemory();

  /// Computes the part of the input that the task reads, where it is not in memory.
  void computeInput();

  /// Tiles of whole width, then one of the remaining columns.
  void emitColumns(const std::function<void()> &body);

  void selectColumns(llvm::Value *columnInGroup, int64_t vectors, llvm::Value *mask);

  //===--- Lines of outputs ---------------------------------------------------------------------//

  /// Neighbouring outputs of one line and phase. `inside`: no tap reaches into the padding.
  struct Tile {
    const ir::WindowPhase &phase;
    llvm::Value *line, *start;
    int64_t height;
    bool inside = true;
  };
  using TileBody = std::function<void(const Tile &tile)>;

  /// Runs `body` for the tiles of the task's lines, and `behind` after each line.
  void emitLines(const TileBody &body, const std::function<void()> &behind = {});

  /// Indices of a line along the outer axes.
  Indices outerIndices(llvm::Value *line);

  /// Whether lines are cut into parts, which is only where they have no borders.
  bool cutsLines() { return positionsPerTask < phases[0].count; }

  void emitLine(llvm::Value *line, const TileBody &body);

  void emitUniformTiles(const ir::WindowPhase &phase, llvm::Value *line, const TileBody &body);

  /// A whole line: tiles that meet padding one by one, the others in loops.
  void emitLineTiles(const ir::WindowPhase &phase, llvm::Value *line, const TileBody &body);

  static bool isInside(const ir::WindowPhase &phase, int64_t start, int64_t height) {
    return llvm::all_of(phase.taps, [&](const ir::WindowTap &tap) {
      return tap.begin <= start && start + height <= tap.end;
    });
  }

  //===--- One register tile, whole sums --------------------------------------------------------//

  void emitTile(const Tile &tile);

  TileProduct makeProduct(const Tile &tile) {
    return {b(), target, element, lanes, 1, rightStride(), loadMask(), distanceAhead(tile)};
  }

  /// Elements from a tile to the next one where its pixels are prefetched, 0 where they are not.
  int64_t distanceAhead(const Tile &tile) {
    return prefetchesAhead && !geometry.depthwise
               ? tile.height * tile.phase.inputStep * lastStride()
               : 0;
  }

  /// The group's first channel that the tile's first output meets in an offset of zero.
  llvm::Value *inputPlace(const Tile &tile) {
    llvm::Value *place = advance(b(), element, input.pointer, image, input.rowStride());
    place = advance(b(), element, place, group, geometry.channels);
    return advance(b(), element, place, tile.start, tile.phase.inputStep * lastStride());
  }

  int64_t lastStride() { return input.axisStride(geometry.axes.size() - 1); }
  int64_t rightStride() {
    return filter.packed ? filter.packed.getWidth() : geometry.filters * geometry.groups;
  }
  /// Panels are filled up with zeros, so only row-major filters need the mask.
  llvm::Value *loadMask() { return filter.packed ? nullptr : columnMask; }

  using TapBody =
      std::function<Values(llvm::Value *place, llvm::Value *taps, const Values &carried)>;

  /// Loops over the taps of the outer axes: `place` is the input, `taps` the tap's number.
  Values emitOuterTaps(size_t axis, llvm::Value *place, llvm::Value *taps, const Values &sums,
                       const TapBody &body);

  /// Channels of a block, [first, first + second) of a group's.
  using ChannelRange = std::pair<llvm::Value *, llvm::Value *>;

  /// The taps of the last axis and some channels. Where all taps lie inside and are contiguous
  /// in the input and in the filter, all channels of them make one sum.
  Values emitLastTaps(const Tile &tile, const ChannelRange &range, const TileProduct &product,
                      llvm::Value *place, llvm::Value *taps, const Values &sums);

  bool isContiguous(const ir::WindowPhase &phase);

  Values emitChannels(const Tile &tile, const ir::WindowTap &tap, const ChannelRange &range,
                      const TileProduct &product, llvm::Value *place, llvm::Value *taps,
                      const Values &sums);

  /// One tap of every channel: the input's vectors times the filter's.
  Values emitDepthwiseTap(llvm::Value *place, const RowOffsets &offsets,
                          llvm::ArrayRef<llvm::Value *> right, const Values &sums);

  //===--- Results ------------------------------------------------------------------------------//

  /// The place of an output. Merged dimensions count along their last one, past its end: that is
  /// how they lie in memory.
  Indices resultIndices(llvm::Value *position, const Index &column);

  /// Applies the operations behind the convolution to the sums and stores.
  void storeTile(const Tile &tile, const Values &sums);

  /// The place of a tile's first output in its line.
  llvm::Value *firstOutput(const Tile &tile) {
    return b().CreateAdd(b().CreateMul(tile.start, i64(tile.phase.outputStep)),
                         i64(tile.phase.first));
  }

  /// Prefetches the operands of a tile's epilogue and the lines of its results, from position
  /// `first` of the line on: a few elements of each pixel, which is no pattern that a hardware
  /// prefetcher finds.
  void prefetchResults(llvm::Value *first, const Tile &tile);

  /// Prefetches the results of the next tile of the line, or of the first one of the next line, and
  /// the pixels that the tile after it is the first to read.
  void prefetchNextTile(const Tile &tile);

  /// A column tile's share of the pixels that a tile from output `start` of the phase on meets in
  /// its last taps and no tile before, in the order of memory.
  void prefetchInput(const Tile &tile, llvm::Value *start);

  //===--- Sums of lines ------------------------------------------------------------------------//

  /// Makes the sums of the line at hand for the columns at hand, where the kernel has any: the line
  /// is read again from the results, which have just been stored.
  void emitLineSums();

  /// Goes through the line once and says what the sums of a stage are.
  void emitSumStage(llvm::ArrayRef<mlir::Operation *> stage);

  /// The place of a line's sums.
  Indices linePlace(const Index &column);

  //===--- Blocks -------------------------------------------------------------------------------//

  /// The sums of the task's outputs for one tile of columns, block by block.
  void emitBlocks();

  /// Runs over all taps of the outer axes, whose indices are in `blockTaps`, with their number.
  void emitBlockTaps(size_t axis, llvm::Value *taps,
                     const std::function<void(llvm::Value *)> &body);

  /// Adds one tap of the outer axes and some channels to the sums of all lines that meet them.
  void addBlock(llvm::Value *taps, const ChannelRange &range);

  /// Outputs of a line, or of the part of one, that a task has.
  int64_t lineOutputs() { return cutsLines() ? positionsPerTask : last.output; }

  void forPartialSums(const Tile &tile,
                      llvm::function_ref<void(int64_t number, llvm::Value *address)> body);

  ir::ConvolutionOp op;
  passes::ConvolutionGeometry geometry;
  const ir::WindowAxis &last;
  llvm::SmallVector<ir::WindowPhase> phases; ///< of the last axis
  int64_t tileRows, tileWidth;
  int64_t channelsPerBlock; ///< 0: all taps and channels in one go
  int64_t linesPerTask, positionsPerTask, columnsPerTask;
  bool prefetchesAhead;
  passes::Stages sumStages; ///< of the lines' sums

  llvm::Type *element = nullptr;
  Image input;
  std::optional<ComputedImage> computed; ///< the input, where it is not in memory
  Storage filter;
  std::vector<TapTable> tables;     ///< of the outer axes, without blocks
  std::vector<TapInputs> tapInputs; ///< of the outer axes, with blocks

  llvm::Value *image = nullptr, *group = nullptr;
  llvm::Value *lineBegin = nullptr, *lineEnd = nullptr;
  llvm::Value *positionBegin = nullptr, *positionEnd = nullptr;
  llvm::Value *columnBegin = nullptr, *columnEnd = nullptr;
  Indices outer; ///< of the line at hand
  llvm::SmallVector<Index> columns;
  Values panels; ///< the filter's first line for each vector of columns
  llvm::Value *columnMask = nullptr;
  Values blockTaps; ///< of the outer axes
  llvm::Value *partialSums = nullptr;
};

} // namespace lamina::codegen
