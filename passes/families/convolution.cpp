// Tiles and tasks of convolutions.
//
// A task takes some output lines of one image and some filters. It goes through its filters tile by
// tile and, for each tile, through all its lines, so a panel of the filter is read from far away
// once per task; the lines' input stays in the second-level cache meanwhile.
#include "passes/families/convolution_tile.h"
#include "passes/families/families.h"
#include "passes/families/tools.h"
#include "passes/schedule/convolution_geometry.h"
#include "passes/schedule/memory_layout.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Elements of the input that one task keeps in the second-level cache: 192 KiB of f32. As many of
/// f64, whose vectors are half as long, read the filter for as many outputs.
constexpr int64_t kInputElements = 48 * 1024;
/// Bytes of a column tile's filter that are read again and again from the second-level cache
/// without much loss, and those of a block, which stay in the first-level cache.
constexpr int64_t kMostFilterBytes = 80 * 1024, kFilterBytes = 20 * 1024;
/// Pixels of how many bytes the processor prefetches itself: short ones, read one behind the other,
/// and long ones, of which every page has one or two.
constexpr int64_t kForeseenBytes = 512, kMostBytesAhead = 1024;

/// Outputs of the last axis from one phase.
int64_t phasePositions(const ir::WindowAxis &axis) {
  return axis.phases().front().count;
}

/// The decisions that convolutions and depthwise ones have in common.
struct Extents {
  RegisterTile tile;
  int64_t lines = 1, positions = 1, columns = 1;
  int64_t cost = 0;
};

/// Whether the kernel adds up each line that it has made.
bool sumsLines(ir::KernelOp kernel) {
  return !kernel.getBlock().getOps<ir::ReduceOp>().empty();
}

Extents chooseExtents(ir::KernelOp kernel, const ConvolutionGeometry &geometry, int64_t batchSize,
                      const VectorTarget &target) {
  auto op = anchorAs<ir::ConvolutionOp>(kernel);
  // Each multiply-add of a depthwise convolution loads from the input: half the rate of the others.
  int64_t work = geometry.multiplyAdds() / target.lanes / (geometry.depthwise ? 1 : 2);
  const ir::WindowAxis &last = geometry.lastAxis();
  int64_t images = capacity(op.getType().getDimSize(0), batchSize);
  int64_t positions = phasePositions(last), lines = geometry.lines();
  RegisterTile tile = chooseConvolutionTile(positions, geometry.filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t columnTiles = llvm::divideCeil(geometry.filters, width);
  int64_t cost = images * work + elementwiseCycles(kernel, batchSize, target.lanes);

  int64_t pixel = op.getLhs().getType().getShape().back();
  int64_t positionsPerTask = positions, linesPerTask = 1;
  if (last.isIdentity() && !sumsLines(kernel)) // no borders: lines may be cut
    positionsPerTask = std::min(positions, evenPart(positions, kInputElements / pixel, tile.rows));
  if (positionsPerTask == positions) {
    int64_t line = last.input * pixel;
    for (const ir::WindowAxis &axis : geometry.outerAxes().take_back(1))
      line *= llvm::divideCeil(axis.stride, axis.inputDilation);
    linesPerTask = std::min(lines, evenPart(lines, kInputElements / line, 1));
  }
  int64_t tasks = images * geometry.groups * llvm::divideCeil(lines, linesPerTask) *
                  llvm::divideCeil(positions, positionsPerTask);
  int64_t wanted = std::min(kEnoughTasks, cost / kTaskCycles);
  int64_t columnTasks = std::clamp<int64_t>(llvm::divideCeil(wanted, tasks), 1, columnTiles);
  int64_t columnsPerTask = llvm::divideCeil(columnTiles, columnTasks) * width;
  return {tile, linesPerTask, positionsPerTask, columnsPerTask, cost};
}

/// Channels of a block where a column tile's part of the filter does not stay in the first-level
/// cache; 0 where it does.
int64_t chooseChannels(ir::ConvolutionOp op, const ConvolutionGeometry &geometry, int64_t width) {
  const ir::WindowAxis &last = geometry.lastAxis();
  int64_t lineBytes = last.window * width * elementBytes(op.getRhs());
  if (geometry.taps() / last.window * geometry.channels * lineBytes <= kMostFilterBytes)
    return 0;
  return evenPart(geometry.channels, kFilterBytes / lineBytes, 8);
}

/// With one tap the next tile reads other pixels; some long ones in one page are no stream that
/// hardware prefetchers find.
bool prefetchesPixels(ir::ConvolutionOp op, const ConvolutionGeometry &geometry) {
  const ir::WindowAxis &last = geometry.lastAxis();
  int64_t bytes =
      last.phases().front().inputStep * geometry.inputChannels() * elementBytes(op.getLhs());
  return last.window == 1 && bytes >= kForeseenBytes && bytes <= kMostBytesAhead;
}

bool isConvolution(Operation *op) {
  auto convolution = dyn_cast<ir::ConvolutionOp>(op);
  return convolution && !isDepthwise(convolution);
}

bool isDepthwiseConvolution(Operation *op) {
  auto convolution = dyn_cast<ir::ConvolutionOp>(op);
  return convolution && isDepthwise(convolution);
}

ConvolutionGeometry geometryOf(ir::KernelOp kernel) {
  return ConvolutionGeometry::of(anchorAs<ir::ConvolutionOp>(kernel), canMergeAxes(kernel));
}

/// Whether lines are cut into parts, which is only where they have no borders.
bool cutsLines(ir::KernelOp kernel, int64_t positions) {
  return positions < phasePositions(geometryOf(kernel).lastAxis());
}

//===--- Convolutions -------------------------------------------------------------------------===//

ir::Schedule scheduleConvolution(ir::KernelOp kernel, int64_t batchSize,
                                 const VectorTarget &target) {
  auto op = anchorAs<ir::ConvolutionOp>(kernel);
  ConvolutionGeometry geometry = geometryOf(kernel);
  Extents chosen = chooseExtents(kernel, geometry, batchSize, target);
  return ir::ConvolutionScheduleAttr::get(
      kernel.getContext(), target.lanes, chosen.tile.rows, chosen.tile.vectors,
      chooseChannels(op, geometry, chosen.tile.vectors * target.lanes), chosen.lines,
      chosen.positions, chosen.columns, prefetchesPixels(op, geometry), chosen.cost);
}

Schedules equivalentConvolutions(ir::KernelOp kernel, int64_t, const VectorTarget &target) {
  auto chosen = scheduleAs<ir::ConvolutionScheduleAttr>(kernel);
  auto with = [&](int64_t rows, int64_t lines, int64_t positions, int64_t columns) {
    return ir::ConvolutionScheduleAttr::get(
        kernel.getContext(), chosen.getLanes(), rows, chosen.getTileVectors(), chosen.getChannels(),
        lines, positions, columns, chosen.getAhead(), chosen.getCost());
  };
  int64_t tileRows = chosen.getTileRows(), lines = chosen.getLines(),
          positions = chosen.getPositions(), columns = chosen.getColumns();
  bool cut = cutsLines(kernel, positions), mayGrow = chosen.getChannels() == 0;
  Schedules result;
  if (cut)
    result.append(otherExtents(positions, tileRows, mayGrow,
                               [&](int64_t part) { return with(tileRows, lines, part, columns); }));
  result.append(otherExtents(
      lines, 1, mayGrow, [&](int64_t part) { return with(tileRows, part, positions, columns); }));
  result.append(otherExtents(columns, chosen.getTileVectors() * chosen.getLanes(), mayGrow,
                             [&](int64_t part) { return with(tileRows, lines, positions, part); }));
  addOtherHeights(result, {tileRows, chosen.getTileVectors()}, target, [&](int64_t rows) {
    return with(rows, lines, cut ? wholeTiles(positions, rows) : positions, columns);
  });
  return result;
}

/// Whether a convolution can be computed as the schedule says.
LogicalResult checkParts(ir::KernelOp kernel, int64_t tileRows, int64_t lines, int64_t positions,
                         int64_t batchSize) {
  auto op = anchorAs<ir::ConvolutionOp>(kernel);
  ConvolutionGeometry geometry = geometryOf(kernel);
  std::optional<MemoryLayout> filter = findOperandLayout(kernel, op.getRhs(), batchSize);
  bool computes = mayComputeImage(op, 0) && isComputedImage(op.getLhs());
  if (!(computes || findOperandLayout(kernel, op.getLhs(), batchSize)) || !filter)
    return kernel.emitOpError("has a convolution whose operands are not in memory");
  if (!filter->keepsLines())
    return kernel.emitOpError("has a filter in groups of ")
           << filter->packed.getGroup() << " lines, which convolutions do not read";
  bool cut = cutsLines(kernel, positions);
  if (cut && (!geometry.lastAxis().isIdentity() || lines > 1))
    return kernel.emitOpError("cuts lines that have borders, or several at once");
  if (cut && sumsLines(kernel))
    return kernel.emitOpError("cuts lines that it sums up");
  if (cut && positions % tileRows != 0)
    return kernel.emitOpError("cuts lines into parts of ")
           << positions << " positions, which are no whole register tiles of " << tileRows;
  return success();
}

LogicalResult checkConvolution(ir::KernelOp kernel, int64_t batchSize) {
  auto chosen = scheduleAs<ir::ConvolutionScheduleAttr>(kernel);
  return checkParts(kernel, chosen.getTileRows(), chosen.getLines(), chosen.getPositions(),
                    batchSize);
}

//===--- Depthwise convolutions ---------------------------------------------------------------===//

ir::Schedule scheduleDepthwise(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::ConvolutionOp>(kernel);
  Extents chosen = chooseExtents(kernel, geometryOf(kernel), batchSize, target);
  return ir::DepthwiseScheduleAttr::get(
      kernel.getContext(), target.lanes, chosen.tile.rows, chosen.tile.vectors, chosen.lines,
      chosen.positions, chosen.columns, isStreamed(op.getLhs().getType(), batchSize), chosen.cost);
}

Schedules equivalentDepthwise(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::DepthwiseScheduleAttr>(kernel);
  auto with = [&](int64_t lines, int64_t columns) {
    return ir::DepthwiseScheduleAttr::get(
        kernel.getContext(), chosen.getLanes(), chosen.getTileRows(), chosen.getTileVectors(),
        lines, chosen.getPositions(), columns, chosen.getAhead(), chosen.getCost());
  };
  Schedules result = otherExtents(chosen.getLines(), 1, /*mayGrow=*/true,
                                  [&](int64_t lines) { return with(lines, chosen.getColumns()); });
  result.append(otherExtents(chosen.getColumns(), chosen.getTileVectors() * chosen.getLanes(),
                             /*mayGrow=*/true,
                             [&](int64_t columns) { return with(chosen.getLines(), columns); }));
  return result;
}

LogicalResult checkDepthwise(ir::KernelOp kernel, int64_t batchSize) {
  auto chosen = scheduleAs<ir::DepthwiseScheduleAttr>(kernel);
  return checkParts(kernel, chosen.getTileRows(), chosen.getLines(), chosen.getPositions(),
                    batchSize);
}

} // namespace

const FamilyRules kConvolutionFamily = {isConvolution,
                                        /*takesFollowers=*/true,
                                        /*storesTransposedCopies=*/true,
                                        scheduleConvolution,
                                        equivalentConvolutions,
                                        checkConvolution,
                                        /*readsBatchSize=*/nullptr,
                                        /*sumsLines=*/true};
const FamilyRules kDepthwiseFamily = {isDepthwiseConvolution,
                                      /*takesFollowers=*/true,
                                      /*storesTransposedCopies=*/true,
                                      scheduleDepthwise,
                                      equivalentDepthwise,
                                      checkDepthwise,
                                      /*readsBatchSize=*/nullptr,
                                      /*sumsLines=*/true};

} // namespace lamina::passes
