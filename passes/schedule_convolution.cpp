// Tiles and tasks of convolutions and of their gradients by the filter.
//
// A task takes some output lines of one image and some filters. It goes through its filters tile by
// tile and, for each tile, through all its lines, so a panel of the filter is read from far away
// once per task; the lines' input stays in the second-level cache meanwhile.
#include "passes/convolution_geometry.h"
#include "passes/schedule_tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Input bytes that one task keeps in the second-level cache.
constexpr int64_t kInputBytes = 192 * 1024;
/// Bytes of a column tile's filter that are read again and again from the second-level cache
/// without much loss, and those of a block, which stay in the first-level cache.
constexpr int64_t kMostFilterBytes = 80 * 1024, kFilterBytes = 20 * 1024;
/// Positions of a block of a gradient by the filter: a panel of them stays in the first-level
/// cache, and loading and storing a tile's sums once per block costs little.
constexpr int64_t kBlockPositions = 256;
/// With fewer, it costs much.
constexpr int64_t kLeastBlockPositions = 96;
/// Bytes of the result's gradient in a block where the input has few channels: they stay in the
/// first-level cache for all taps.
constexpr int64_t kFewChannelsBytes = 16 * 1024;
/// Bytes of both sides' panels in a block. They stand on the stack.
constexpr int64_t kPanelBytes = 256 * 1024;
/// Bytes of both images in a block of a depthwise gradient by the filter, where a tile's part of a
/// block stays in the first-level cache and the next block comes into the second-level one.
constexpr int64_t kDepthwiseBytes = 256 * 1024;
/// Tasks that a few threads share evenly enough: each copies its part of the images.
constexpr int64_t kEnoughFilterTasks = 8;
/// Bytes of a cache line.
constexpr int64_t kLineBytes = 64;

int64_t elementBytes(Value value) {
  return getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth() / 8;
}

/// Cycles over lines of `positions` outputs, cut in tiles of about the same height.
int64_t lineCycles(int64_t positions, int64_t height, int64_t vectors) {
  TileSplit split(positions, height);
  return split.tall * tileCycles(split.height, vectors) +
         (split.tiles - split.tall) * tileCycles(split.height - 1, vectors);
}

/// The register tile with the least cycles for lines of `positions` outputs and `filters` filters.
Tile chooseConvolutionTile(int64_t positions, int64_t filters, const VectorTarget &target) {
  Tile best;
  int64_t bestCycles = std::numeric_limits<int64_t>::max();
  int64_t needed = llvm::divideCeil(filters, target.lanes);
  for (int64_t vectors : {2, 4, 3, 1}) {
    if (vectors > needed)
      continue;
    for (int64_t height = std::min<int64_t>(14, positions); height >= 1; --height) {
      if (!fitsRegisters({height, vectors}, target))
        continue;
      int64_t cycles = needed / vectors * lineCycles(positions, height, vectors);
      if (needed % vectors)
        cycles += lineCycles(positions, height, needed % vectors);
      if (cycles < bestCycles) {
        bestCycles = cycles;
        best = {height, vectors};
      }
    }
  }
  return best;
}

/// Positions along an axis that a gradient by the filter walks.
int64_t walkPositions(const ir::WindowAxis &axis) {
  return FilterWalkAxis(axis).walk.output;
}

/// Outputs of the last axis from one phase.
int64_t phasePositions(const ir::WindowAxis &axis) {
  return axis.phases().front().count;
}

/// The block of positions of a gradient by the filter: some of the first axis with all of the
/// others, or several images.
struct FilterBlock {
  int64_t length = 1, images = 1;

  FilterBlock(int64_t positions, int64_t lines, int64_t images) {
    length = std::min(positions, evenPart(positions, std::max<int64_t>(1, lines), 1));
    if (length == positions)
      this->images = std::clamp<int64_t>(lines / positions, 1, images);
  }
};

/// Images that a task of a gradient by the filter goes through at most.
int64_t imagesOf(ir::FilterGradientOp op, int64_t batchSize) {
  int64_t images = capacity(op.getLhs().getType().getDimSize(0), batchSize);
  return op.getSlice() ? std::min<int64_t>(images, *op.getSlice()) : images;
}

/// Slices of the images that have tasks of their own.
int64_t slicesOf(ir::FilterGradientOp op) {
  return op.getSlice() ? op.getType().getDimSize(0) : 1;
}

/// Positions along all axes but the first that a gradient by the filter walks.
int64_t positionsAcross(const ConvolutionGeometry &geometry) {
  int64_t positions = 1;
  for (const ir::WindowAxis &axis : ArrayRef(geometry.axes).drop_front())
    positions *= walkPositions(axis);
  return positions;
}

/// Filters of a task, in tiles of `width`, where slices and filters alone are shared out.
int64_t filtersPerTask(const ConvolutionGeometry &geometry, int64_t width, int64_t cost,
                       int64_t slices) {
  int64_t tiles = llvm::divideCeil(geometry.filters, width);
  int64_t wanted = std::clamp<int64_t>(cost / kTaskCycles, 1, kEnoughFilterTasks);
  int64_t tasks = std::min<int64_t>(llvm::divideCeil(wanted, slices), tiles);
  return width * llvm::divideCeil(tiles, tasks);
}

ir::ScheduleAttr scheduleDepthwiseGradient(ir::KernelOp kernel, ir::FilterGradientOp op,
                                           const ConvolutionGeometry &geometry, int64_t batchSize,
                                           const VectorTarget &target) {
  int64_t images = imagesOf(op, batchSize);
  int64_t cost = images * geometry.multiplyAdds() / target.lanes;
  Tile tile{1, std::max<int64_t>(1, kLineBytes / 4 / target.lanes)};
  int64_t width = tile.vectors * target.lanes;
  int64_t positions = walkPositions(geometry.axes.front()), across = positionsAcross(geometry);
  int64_t elements = product(op.getLhs().getType().getShape().drop_front(), batchSize) +
                     product(op.getGradient().getType().getShape().drop_front(), batchSize);
  int64_t positionBytes =
      llvm::divideCeil(elements * elementBytes(op.getLhs()), positions * across);
  int64_t blockPositions = std::min(kBlockPositions, kDepthwiseBytes / positionBytes);
  FilterBlock block(positions, blockPositions / across, images);
  int64_t columnsPerTask = filtersPerTask(geometry, width, cost, slicesOf(op));
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::depthwise_gradient,
                               target.lanes, {tile.rows, tile.vectors},
                               {1, columnsPerTask, block.length, block.images}, cost);
}

ir::ScheduleAttr scheduleFewChannelsGradient(ir::KernelOp kernel, ir::FilterGradientOp op,
                                             const ConvolutionGeometry &geometry, int64_t batchSize,
                                             const VectorTarget &target) {
  int64_t slices = slicesOf(op);
  int64_t cost = slices * imagesOf(op, batchSize) * geometry.multiplyAdds() / target.lanes / 2;
  Tile tile = chooseConvolutionTile(geometry.taps() * geometry.channels, geometry.filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t positions = walkPositions(geometry.axes.front()), across = positionsAcross(geometry);
  int64_t lineBytes = across * geometry.filters * elementBytes(op.getGradient());
  FilterBlock block(positions, kFewChannelsBytes / lineBytes, /*images=*/1);
  int64_t columnsPerTask = filtersPerTask(geometry, width, cost, slices);
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::filter_gradient, target.lanes,
                               {tile.rows, tile.vectors},
                               {geometry.channels, columnsPerTask, block.length, 1}, cost);
}

} // namespace

ir::ScheduleAttr scheduleConvolution(ir::KernelOp kernel, ir::ConvolutionOp op, int64_t batchSize,
                                     const VectorTarget &target) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op, canMergeAxes(kernel));
  // Each multiply-add of a depthwise convolution loads from the input: half the rate of the others.
  int64_t work = geometry.multiplyAdds() / target.lanes / (geometry.depthwise ? 1 : 2);
  const ir::WindowAxis &last = geometry.lastAxis();
  int64_t images = capacity(op.getType().getDimSize(0), batchSize);
  int64_t positions = phasePositions(last), lines = geometry.lines();
  Tile tile = chooseConvolutionTile(positions, geometry.filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t columnTiles = llvm::divideCeil(geometry.filters, width);
  int64_t cost = images * work + elementwiseCost(kernel, batchSize, target.lanes);

  int64_t pixelBytes = op.getLhs().getType().getShape().back() * elementBytes(op.getLhs());
  int64_t positionsPerTask = positions, linesPerTask = 1;
  if (last.isIdentity()) // no borders: lines may be cut
    positionsPerTask =
        std::min(positions, evenPart(positions, kInputBytes / pixelBytes, tile.rows));
  if (positionsPerTask == positions) {
    int64_t lineBytes = last.input * pixelBytes;
    for (const ir::WindowAxis &axis : geometry.outerAxes().take_back(1))
      lineBytes *= llvm::divideCeil(axis.stride, axis.inputDilation);
    linesPerTask = std::min(lines, evenPart(lines, kInputBytes / lineBytes, 1));
  }
  int64_t tasks = images * geometry.groups * llvm::divideCeil(lines, linesPerTask) *
                  llvm::divideCeil(positions, positionsPerTask);
  int64_t wanted = std::min(kEnoughTasks, cost / kTaskCycles);
  int64_t columnTasks = std::clamp<int64_t>(llvm::divideCeil(wanted, tasks), 1, columnTiles);
  int64_t columnsPerTask = llvm::divideCeil(columnTiles, columnTasks) * width;
  ir::KernelFamily family =
      geometry.depthwise ? ir::KernelFamily::depthwise : ir::KernelFamily::convolution;
  // A column tile's part of the filter that does not stay in the first-level cache is met in
  // blocks.
  int64_t lineBytes = last.window * width * elementBytes(op.getRhs());
  int64_t channelsPerBlock = 0;
  if (!geometry.depthwise &&
      geometry.taps() / last.window * geometry.channels * lineBytes > kMostFilterBytes)
    channelsPerBlock = evenPart(geometry.channels, kFilterBytes / lineBytes, 8);
  return ir::ScheduleAttr::get(kernel.getContext(), family, target.lanes,
                               {tile.rows, tile.vectors, channelsPerBlock},
                               {linesPerTask, positionsPerTask, columnsPerTask}, cost);
}

ir::ScheduleAttr scheduleFilterGradient(ir::KernelOp kernel, ir::FilterGradientOp op,
                                        int64_t batchSize, const VectorTarget &target) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  if (geometry.depthwise)
    return scheduleDepthwiseGradient(kernel, op, geometry, batchSize, target);
  if (geometry.hasFewChannels())
    return scheduleFewChannelsGradient(kernel, op, geometry, batchSize, target);
  int64_t slices = slicesOf(op);
  int64_t images = imagesOf(op, batchSize);
  int64_t cost = slices * images * geometry.multiplyAdds() / target.lanes / 2;
  Tile tile = chooseConvolutionTile(geometry.channels, geometry.filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t rowTiles = llvm::divideCeil(geometry.channels, tile.rows);
  int64_t columnTiles = llvm::divideCeil(geometry.filters, width);
  int64_t positions = walkPositions(geometry.axes.front()), across = positionsAcross(geometry);

  // Panels of both sides stay in the second-level cache: channels and filters are shared out until
  // a block of enough positions fits.
  int64_t bytes = elementBytes(op.getLhs());
  auto partOf = [](int64_t size, int64_t tiles, int64_t tasks) -> int64_t {
    return llvm::divideCeil(size * llvm::divideCeil(tiles, tasks), tiles);
  };
  auto positionBytes = [&](TaskGrid grid) {
    return bytes * (partOf(geometry.channels, rowTiles, grid.rows) +
                    partOf(geometry.filters, columnTiles, grid.columns));
  };
  TaskGrid least{1, 1};
  while (positionBytes(least) * kLeastBlockPositions > kPanelBytes) {
    bool canCutRows = least.rows < rowTiles, canCutColumns = least.columns < columnTiles;
    if (!canCutRows && !canCutColumns)
      break;
    bool rowsAreLarger = partOf(geometry.channels, rowTiles, least.rows) >=
                         partOf(geometry.filters, columnTiles, least.columns);
    (canCutRows && (rowsAreLarger || !canCutColumns) ? least.rows : least.columns) *= 2;
  }
  least = {std::min(least.rows, rowTiles), std::min(least.columns, columnTiles)};
  int64_t wanted = std::clamp<int64_t>(cost / kTaskCycles, 1, kEnoughFilterTasks);
  int64_t outerTasks = geometry.groups * geometry.axes.front().window * slices;
  TaskGrid grid = chooseTaskGrid({least.rows, rowTiles, geometry.channels},
                                 {least.columns, columnTiles, geometry.filters},
                                 llvm::divideCeil(wanted, outerTasks));
  int64_t blockPositions = std::min(kBlockPositions, kPanelBytes / positionBytes(grid));
  FilterBlock block(positions, blockPositions / across, images);
  int64_t channelsPerTask = tile.rows * llvm::divideCeil(rowTiles, grid.rows);
  int64_t columnsPerTask = width * llvm::divideCeil(columnTiles, grid.columns);
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::filter_gradient, target.lanes,
                               {tile.rows, tile.vectors},
                               {channelsPerTask, columnsPerTask, block.length, block.images}, cost);
}

ir::ScheduleAttr scheduleWindow(ir::KernelOp kernel, Operation *anchor, int64_t batchSize,
                                const VectorTarget &target) {
  RankedTensorType type = typeOf(anchor->getResult(0));
  int64_t cost = elementwiseCost(kernel, batchSize, target.lanes);
  int64_t channels = type.getShape().back();
  int64_t units = product(type.getShape().drop_back(), batchSize);
  int64_t vectors = std::clamp<int64_t>(channels / target.lanes, 1, 4);
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::window, target.lanes,
                               {vectors}, {unitsPerTask(units, cost)}, cost);
}

ir::ScheduleAttr scheduleScatter(ir::KernelOp kernel, ir::ScatterOp op, int64_t batchSize,
                                 const VectorTarget &target) {
  int64_t cost = elementwiseCost(kernel, batchSize, target.lanes);
  int64_t columns = product(op.getType().getShape().drop_front(op.getDimension() + 1), batchSize);
  int64_t perTask = llvm::alignTo(
      unitsPerTask(llvm::divideCeil(columns, target.lanes), cost) * target.lanes, target.lanes);
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::scatter, target.lanes, {},
                               {perTask}, cost);
}

} // namespace lamina::passes
