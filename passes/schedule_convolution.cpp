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
/// Positions of a block of a gradient by the filter: a panel of them stays in the first-level
/// cache, and loading and storing a tile's sums once per block costs little.
constexpr int64_t kBlockPositions = 256;
/// Bytes of the input's panels in a block. They stand on the stack.
constexpr int64_t kPanelBytes = 96 * 1024;
/// Tasks that a few threads share evenly enough.
constexpr int64_t kFewTasks = 4;
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
  int64_t usable = target.registers == 32 ? 31 : target.registers;
  int64_t needed = llvm::divideCeil(filters, target.lanes);
  for (int64_t vectors : {2, 4, 3, 1}) {
    if (vectors > needed)
      continue;
    for (int64_t height = std::min<int64_t>(14, positions); height >= 1; --height) {
      if (height * vectors + vectors + 1 > usable)
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

/// Positions along an axis that a gradient by the filter walks: those of the side that is not
/// dilated.
int64_t walkPositions(const ir::WindowAxis &axis) {
  return axis.inputDilation != 1 ? axis.input : axis.output;
}

/// Outputs of the last axis from one phase.
int64_t phasePositions(const ir::WindowAxis &axis) {
  return axis.phases().front().count;
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
  return ir::ScheduleAttr::get(kernel.getContext(), family, target.lanes, {tile.rows, tile.vectors},
                               {linesPerTask, positionsPerTask, columnsPerTask}, cost);
}

ir::ScheduleAttr scheduleFilterGradient(ir::KernelOp kernel, ir::FilterGradientOp op,
                                        int64_t batchSize, const VectorTarget &target) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  int64_t images = capacity(op.getLhs().getType().getDimSize(0), batchSize);
  int64_t cost = images * geometry.multiplyAdds() / target.lanes / (geometry.depthwise ? 1 : 2);
  Tile tile = geometry.depthwise
                  ? Tile{1, std::max<int64_t>(1, kLineBytes / 4 / target.lanes)}
                  : chooseConvolutionTile(geometry.channels, geometry.filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t columnTiles = llvm::divideCeil(geometry.filters, width);

  // A block: some positions of the first axis with all of the others, or several images.
  int64_t positions = walkPositions(geometry.axes.front()), across = 1;
  for (const ir::WindowAxis &axis : ArrayRef(geometry.axes).drop_front())
    across *= walkPositions(axis);
  int64_t blockLength =
      std::min(positions, evenPart(positions, std::max<int64_t>(1, kBlockPositions / across), 1));
  int64_t imagesPerBlock = 1;
  if (blockLength == positions)
    imagesPerBlock = std::clamp<int64_t>(kBlockPositions / (positions * across), 1, images);

  // Channels whose panels stay in the second-level cache beside one panel of filters.
  int64_t bytes = elementBytes(op.getLhs());
  int64_t blockPositions = imagesPerBlock * blockLength * across;
  int64_t rowTiles = llvm::divideCeil(geometry.channels, tile.rows);
  int64_t fittingTiles = std::max<int64_t>(1, kPanelBytes / (blockPositions * tile.rows * bytes));
  int64_t rowTasks = llvm::divideCeil(rowTiles, fittingTiles);
  int64_t wanted = std::clamp<int64_t>(cost / kTaskCycles, 1, kEnoughTasks);
  int64_t outerTasks = geometry.groups * geometry.axes.front().window;
  int64_t needed = llvm::divideCeil(std::min(wanted, kFewTasks), outerTasks);
  TaskGrid grid = chooseTaskGrid({rowTasks, rowTiles, geometry.channels},
                                 {1, columnTiles, geometry.filters}, needed);
  rowTasks = grid.rows;
  int64_t columnTasks = grid.columns;
  int64_t channelsPerTask = tile.rows * llvm::divideCeil(rowTiles, rowTasks);
  int64_t columnsPerTask = width * llvm::divideCeil(columnTiles, columnTasks);
  ir::KernelFamily family =
      geometry.depthwise ? ir::KernelFamily::depthwise_gradient : ir::KernelFamily::filter_gradient;
  return ir::ScheduleAttr::get(kernel.getContext(), family, target.lanes, {tile.rows, tile.vectors},
                               {channelsPerTask, columnsPerTask, blockLength, imagesPerBlock},
                               cost);
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
