// Tiles, blocks and tasks of gradients of convolutions by their filters.
#include "passes/families/convolution_tile.h"
#include "passes/families/families.h"
#include "passes/families/tools.h"
#include "passes/schedule/convolution_geometry.h"
#include "passes/schedule/memory_layout.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Positions of a block of a gradient by the filter: a panel of them stays in the first-level
/// cache, and loading and storing a tile's sums once per block costs little.
constexpr int64_t kBlockPositions = 256;
/// With fewer, it costs much.
constexpr int64_t kLeastBlockPositions = 96;
/// Bytes of the result's gradient in a block where the input has few channels: they stay in the
/// first-level cache for all taps.
constexpr int64_t kFewChannelsBytes = 16 * 1024;
/// Bytes of both sides' panels in a block, which are in scratch memory.
constexpr int64_t kPanelBytes = 256 * 1024;
/// Bytes of both images in a block of a depthwise gradient by the filter, where a tile's part of a
/// block stays in the first-level cache and the next block comes into the second-level one.
constexpr int64_t kDepthwiseBytes = 256 * 1024;
/// Tasks that a few threads share evenly enough: each copies its part of the images.
constexpr int64_t kEnoughFilterTasks = 8;
/// Bytes of a cache line.
constexpr int64_t kLineBytes = 64;

/// Positions along an axis that a gradient by the filter walks.
int64_t walkPositions(const ir::WindowAxis &axis) {
  return FilterWalkAxis(axis).walk.output;
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

ir::Schedule scheduleDepthwise(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::FilterGradientOp>(kernel);
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  int64_t images = imagesOf(op, batchSize);
  int64_t cost = images * geometry.multiplyAdds() / target.lanes;
  int64_t vectors = std::max<int64_t>(1, kLineBytes / elementBytes(op.getLhs()) / target.lanes);
  int64_t width = vectors * target.lanes;
  int64_t positions = walkPositions(geometry.axes.front()), across = positionsAcross(geometry);
  int64_t elements = product(op.getLhs().getType().getShape().drop_front(), batchSize) +
                     product(op.getGradient().getType().getShape().drop_front(), batchSize);
  int64_t positionBytes =
      llvm::divideCeil(elements * elementBytes(op.getLhs()), positions * across);
  int64_t blockPositions = std::min(kBlockPositions, kDepthwiseBytes / positionBytes);
  FilterBlock block(positions, blockPositions / across, images);
  int64_t columnsPerTask = filtersPerTask(geometry, width, cost, slicesOf(op));
  return ir::DepthwiseGradientScheduleAttr::get(kernel.getContext(), target.lanes, vectors,
                                                columnsPerTask, block.length, block.images, cost);
}

ir::Schedule scheduleFewChannels(ir::KernelOp kernel, int64_t batchSize,
                                 const VectorTarget &target) {
  auto op = anchorAs<ir::FilterGradientOp>(kernel);
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  int64_t slices = slicesOf(op);
  int64_t cost = slices * imagesOf(op, batchSize) * geometry.multiplyAdds() / target.lanes / 2;
  RegisterTile tile =
      chooseConvolutionTile(geometry.taps() * geometry.channels, geometry.filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t positions = walkPositions(geometry.axes.front()), across = positionsAcross(geometry);
  int64_t lineBytes = across * geometry.filters * elementBytes(op.getGradient());
  FilterBlock block(positions, kFewChannelsBytes / lineBytes, /*images=*/1);
  int64_t columnsPerTask = filtersPerTask(geometry, width, cost, slices);
  return ir::FewChannelsGradientScheduleAttr::get(kernel.getContext(), target.lanes, tile.rows,
                                                  tile.vectors, columnsPerTask, block.length, cost);
}

ir::Schedule scheduleDense(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::FilterGradientOp>(kernel);
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  int64_t slices = slicesOf(op);
  int64_t images = imagesOf(op, batchSize);
  int64_t cost = slices * images * geometry.multiplyAdds() / target.lanes / 2;
  RegisterTile tile = chooseConvolutionTile(geometry.channels, geometry.filters, target);
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
  return ir::FilterGradientScheduleAttr::get(kernel.getContext(), target.lanes, tile.rows,
                                             tile.vectors, channelsPerTask, columnsPerTask,
                                             block.length, block.images, cost);
}

//===--- Rules --------------------------------------------------------------------------------===//

/// The direct gradient by a filter, null for other operations and for minimal filtering.
ir::FilterGradientOp directGradient(Operation *op) {
  auto gradient = dyn_cast<ir::FilterGradientOp>(op);
  return gradient && !gradient.getWinograd() ? gradient : nullptr;
}

bool hasFewChannels(ir::FilterGradientOp op) {
  return ConvolutionGeometry::of(op).hasFewChannels();
}

bool isDepthwiseGradient(Operation *op) {
  ir::FilterGradientOp gradient = directGradient(op);
  return gradient && isDepthwise(gradient);
}

bool isFewChannelsGradient(Operation *op) {
  ir::FilterGradientOp gradient = directGradient(op);
  return gradient && !isDepthwise(gradient) && hasFewChannels(gradient);
}

bool isDenseGradient(Operation *op) {
  ir::FilterGradientOp gradient = directGradient(op);
  return gradient && !isDepthwise(gradient) && !hasFewChannels(gradient);
}

Schedules equivalentDense(ir::KernelOp kernel, int64_t, const VectorTarget &target) {
  auto chosen = scheduleAs<ir::FilterGradientScheduleAttr>(kernel);
  auto with = [&](int64_t rows, int64_t channels, int64_t columns) {
    return ir::FilterGradientScheduleAttr::get(
        kernel.getContext(), chosen.getLanes(), rows, chosen.getTileVectors(), channels, columns,
        chosen.getPositions(), chosen.getImages(), chosen.getCost());
  };
  int64_t rows = chosen.getTileRows(), channels = chosen.getChannels(),
          columns = chosen.getColumns();
  Schedules result = otherExtents(channels, rows, /*mayGrow=*/false,
                                  [&](int64_t part) { return with(rows, part, columns); });
  result.append(otherExtents(columns, chosen.getTileVectors() * chosen.getLanes(),
                             /*mayGrow=*/false,
                             [&](int64_t part) { return with(rows, channels, part); }));
  addOtherHeights(result, {rows, chosen.getTileVectors()}, target, [&](int64_t height) {
    return with(height, wholeTiles(channels, height), columns);
  });
  return result;
}

Schedules equivalentFewChannels(ir::KernelOp kernel, int64_t, const VectorTarget &target) {
  auto chosen = scheduleAs<ir::FewChannelsGradientScheduleAttr>(kernel);
  auto with = [&](int64_t rows, int64_t columns) {
    return ir::FewChannelsGradientScheduleAttr::get(kernel.getContext(), chosen.getLanes(), rows,
                                                    chosen.getTileVectors(), columns,
                                                    chosen.getPositions(), chosen.getCost());
  };
  Schedules result = otherExtents(
      chosen.getColumns(), chosen.getTileVectors() * chosen.getLanes(),
      /*mayGrow=*/false, [&](int64_t columns) { return with(chosen.getTileRows(), columns); });
  addOtherHeights(result, {chosen.getTileRows(), chosen.getTileVectors()}, target,
                  [&](int64_t rows) { return with(rows, chosen.getColumns()); });
  return result;
}

Schedules equivalentDepthwise(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::DepthwiseGradientScheduleAttr>(kernel);
  return otherExtents(chosen.getColumns(), chosen.getTileVectors() * chosen.getLanes(),
                      /*mayGrow=*/true, [&](int64_t columns) {
                        return ir::DepthwiseGradientScheduleAttr::get(
                            kernel.getContext(), chosen.getLanes(), chosen.getTileVectors(),
                            columns, chosen.getPositions(), chosen.getImages(), chosen.getCost());
                      });
}

LogicalResult check(ir::KernelOp kernel, int64_t batchSize) {
  auto op = anchorAs<ir::FilterGradientOp>(kernel);
  for (OpOperand &operand : op->getOpOperands()) {
    bool computes =
        mayComputeImage(op, operand.getOperandNumber()) && isComputedImage(operand.get());
    if (!computes && !findOperandLayout(kernel, operand.get(), batchSize))
      return kernel.emitOpError("has a gradient by the filter whose operands are not in memory");
  }
  return success();
}

} // namespace

const FamilyRules kFilterGradientFamily = {isDenseGradient,
                                           /*takesFollowers=*/false,
                                           /*storesTransposedCopies=*/false,
                                           scheduleDense,
                                           equivalentDense,
                                           check};
const FamilyRules kFewChannelsGradientFamily = {isFewChannelsGradient,
                                                /*takesFollowers=*/false,
                                                /*storesTransposedCopies=*/false,
                                                scheduleFewChannels,
                                                equivalentFewChannels,
                                                check};
const FamilyRules kDepthwiseGradientFamily = {isDepthwiseGradient,
                                              /*takesFollowers=*/false,
                                              /*storesTransposedCopies=*/false,
                                              scheduleDepthwise,
                                              equivalentDepthwise,
                                              check};

} // namespace lamina::passes
