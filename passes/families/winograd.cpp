// Tiles and tasks of convolutions by Winograd's minimal filtering.
//
// A task takes some squares of the result and some filters. For one block of channels after another
// it transforms the squares' input and adds the products to sums at the points; both are in
// scratch memory and stay in the second-level cache, while the filter passes by.
#include "ir/operations/winograd.h"
#include "passes/families/families.h"
#include "passes/families/tools.h"
#include "passes/schedule/memory_layout.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Bytes of a task's transformed input and sums with few filters: the second-level cache holds
/// them.
constexpr int64_t kTaskBytes = 400 * 1024;
/// The same with many filters. They pass by from far away, and more squares share a look at them.
constexpr int64_t kStreamedTaskBytes = 800 * 1024;
/// Bytes of the sums and both sides' squares of a gradient by the filter. The sums go through the
/// caches once per block, so blocks of many squares count more than sums that stay near.
constexpr int64_t kGradientTaskBytes = 1792 * 1024;
/// Few filters.
constexpr int64_t kFewFilters = 64;

int64_t squaresOf(ir::WinogradConvolutionOp op, int64_t batchSize) {
  ir::WinogradShape shape = ir::winogradShapeOf(op.getLhs().getType(), op.getType());
  return capacity(op.getType().getDimSize(0), batchSize) *
         shape.countSquares(static_cast<int64_t>(op.getTile()));
}

/// Vectors of whole panels that fit the registers with as many squares as possible.
RegisterTile chooseWinogradRegisters(int64_t filters, const VectorTarget &target) {
  bool even = llvm::divideCeil(filters, ir::kWinogradPanel) % 2 == 0;
  int64_t panels = target.lanes >= ir::kWinogradPanel && even ? 2 : 1;
  int64_t vectors = panels * ir::kWinogradPanel / target.lanes;
  int64_t usable = target.registers == 32 ? 31 : target.registers;
  return {std::clamp<int64_t>((usable - vectors - 1) / vectors, 1, 14), vectors};
}

//===--- Convolutions -------------------------------------------------------------------------===//

ir::Schedule scheduleConvolution(ir::KernelOp kernel, int64_t batchSize,
                                 const VectorTarget &target) {
  auto op = anchorAs<ir::WinogradConvolutionOp>(kernel);
  int64_t points = ir::winogradPoints(op.getTile()) * ir::winogradPoints(op.getTile());
  auto filters = static_cast<int64_t>(op.getFilters());
  int64_t channels = op.getLhs().getType().getShape().back();
  int64_t squares = squaresOf(op, batchSize);
  RegisterTile tile = chooseWinogradRegisters(filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t filtersPerTask =
      std::min<int64_t>(llvm::alignTo(filters, width), llvm::alignTo(ir::kWinogradFilters, width));
  int64_t bytes = op.getType().getElementTypeBitWidth() / 8;
  int64_t taskBytes = filtersPerTask <= kFewFilters ? kTaskBytes : kStreamedTaskBytes;
  int64_t most = taskBytes / (points * (filtersPerTask + ir::kWinogradChannels) * bytes);
  int64_t squaresPerTask = evenPart(squares, most, tile.rows);
  int64_t products = squares * points * channels * llvm::divideCeil(filters, target.lanes);
  return ir::WinogradScheduleAttr::get(
      kernel.getContext(), target.lanes, tile.rows, tile.vectors, squaresPerTask, filtersPerTask,
      products / 2 + elementwiseCycles(kernel, batchSize, target.lanes));
}

Schedules equivalentConvolutions(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::WinogradScheduleAttr>(kernel);
  auto with = [&](int64_t squares, int64_t filters) {
    return ir::WinogradScheduleAttr::get(kernel.getContext(), chosen.getLanes(),
                                         chosen.getTileRows(), chosen.getTileVectors(), squares,
                                         filters, chosen.getCost());
  };
  Schedules result =
      otherExtents(chosen.getSquares(), chosen.getTileRows(), /*mayGrow=*/false,
                   [&](int64_t squares) { return with(squares, chosen.getFilters()); });
  result.append(otherExtents(chosen.getFilters(), chosen.getTileVectors() * chosen.getLanes(),
                             /*mayGrow=*/false,
                             [&](int64_t filters) { return with(chosen.getSquares(), filters); }));
  return result;
}

//===--- Filters ------------------------------------------------------------------------------===//

ir::Schedule scheduleFilter(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::WinogradFilterOp>(kernel);
  int64_t cost = elementwiseCycles(kernel, batchSize, target.lanes);
  ArrayRef<int64_t> shape = op.getType().getShape();
  return ir::WinogradFilterScheduleAttr::get(kernel.getContext(), target.lanes,
                                             unitsPerTask(shape[0] * shape[1], cost),
                                             isStreamed(op.getType(), batchSize), cost);
}

Schedules equivalentFilters(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::WinogradFilterScheduleAttr>(kernel);
  return otherExtents(chosen.getBlocks(), 1, /*mayGrow=*/true, [&](int64_t blocks) {
    return ir::WinogradFilterScheduleAttr::get(kernel.getContext(), chosen.getLanes(), blocks,
                                               chosen.getStreamed(), chosen.getCost());
  });
}

//===--- Gradients by filters -----------------------------------------------------------------===//

ir::Schedule scheduleGradient(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::FilterGradientOp>(kernel);
  auto side = static_cast<int64_t>(*op.getWinograd());
  int64_t points = ir::winogradPoints(side) * ir::winogradPoints(side);
  RankedTensorType gradient = op.getGradient().getType();
  ir::WinogradShape shape = ir::winogradShapeOf(op.getLhs().getType(), gradient);
  int64_t channels = shape.channels, filters = shape.filters;
  RegisterTile tile = chooseWinogradRegisters(filters, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t channelsPerTask =
      std::min<int64_t>(llvm::alignTo(channels, target.lanes), ir::kWinogradGradientChannels);
  int64_t filtersPerTask =
      std::min<int64_t>(llvm::alignTo(filters, width), ir::kWinogradGradientFilters);
  int64_t bytes = op.getType().getElementTypeBitWidth() / 8;
  int64_t left = kGradientTaskBytes / (points * bytes) - channelsPerTask * filtersPerTask;
  int64_t ofImage = shape.countSquares(side);
  int64_t images = capacity(gradient.getDimSize(0), batchSize);
  auto ofSlice = static_cast<int64_t>(op.getSlice().value_or(images)) * ofImage;
  int64_t squaresPerBlock = evenPart(ofSlice, left / (channelsPerTask + filtersPerTask), 1);
  int64_t products = images * ofImage * points * channels * llvm::divideCeil(filters, target.lanes);
  int64_t cost = products / 2 + elementwiseCycles(kernel, batchSize, target.lanes);
  return ir::WinogradGradientScheduleAttr::get(kernel.getContext(), target.lanes, tile.rows,
                                               tile.vectors, channelsPerTask, filtersPerTask,
                                               squaresPerBlock, cost);
}

Schedules equivalentGradients(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::WinogradGradientScheduleAttr>(kernel);
  auto with = [&](int64_t channels, int64_t filters) {
    return ir::WinogradGradientScheduleAttr::get(
        kernel.getContext(), chosen.getLanes(), chosen.getTileRows(), chosen.getTileVectors(),
        channels, filters, chosen.getSquares(), chosen.getCost());
  };
  Schedules result =
      otherExtents(chosen.getChannels(), chosen.getLanes(), /*mayGrow=*/false,
                   [&](int64_t channels) { return with(channels, chosen.getFilters()); });
  result.append(otherExtents(chosen.getFilters(), chosen.getTileVectors() * chosen.getLanes(),
                             /*mayGrow=*/false,
                             [&](int64_t filters) { return with(chosen.getChannels(), filters); }));
  return result;
}

//===--- Rules --------------------------------------------------------------------------------===//

/// Panels of filters are whole vectors.
LogicalResult check(ir::KernelOp kernel, int64_t) {
  if (ir::kWinogradPanel % kernel.getSchedule()->getLanes() != 0)
    return kernel.emitOpError("has minimal filtering with vectors wider than a panel of ")
           << ir::kWinogradPanel << " filters";
  return success();
}

/// Register tiles read whole panels of the filter, and none that it does not have.
LogicalResult checkConvolution(ir::KernelOp kernel, int64_t batchSize) {
  auto chosen = scheduleAs<ir::WinogradScheduleAttr>(kernel);
  int64_t width = chosen.getTileVectors() * chosen.getLanes();
  int64_t filters =
      llvm::alignTo(static_cast<int64_t>(anchorAs<ir::WinogradConvolutionOp>(kernel).getFilters()),
                    ir::kWinogradPanel);
  if (width % ir::kWinogradPanel != 0 || filters % width != 0)
    return kernel.emitOpError("has register tiles ")
           << width << " filters wide, which do not divide the " << filters
           << " filters of whole panels";
  return check(kernel, batchSize);
}

LogicalResult checkFilter(ir::KernelOp kernel, int64_t batchSize) {
  auto layout =
      findOperandLayout(kernel, anchorAs<ir::WinogradFilterOp>(kernel).getFilter(), batchSize);
  if (layout && !layout->keepsLines())
    return kernel.emitOpError("has a filter in groups of ")
           << layout->packed.getGroup() << " lines, which minimal filtering does not read";
  return check(kernel, batchSize);
}

bool isGradient(Operation *op) {
  auto gradient = dyn_cast<ir::FilterGradientOp>(op);
  return gradient && gradient.getWinograd();
}

} // namespace

const FamilyRules kWinogradFamily = {
    [](Operation *op) { return isa<ir::WinogradConvolutionOp>(op); },
    /*takesFollowers=*/true,
    /*storesTransposedCopies=*/true,
    scheduleConvolution,
    equivalentConvolutions,
    checkConvolution};
const FamilyRules kWinogradFilterFamily = {
    [](Operation *op) { return isa<ir::WinogradFilterOp>(op); },
    /*takesFollowers=*/false,
    /*storesTransposedCopies=*/false,
    scheduleFilter,
    equivalentFilters,
    checkFilter};
const FamilyRules kWinogradGradientFamily = {isGradient,
                                             /*takesFollowers=*/false,
                                             /*storesTransposedCopies=*/false,
                                             scheduleGradient,
                                             equivalentGradients,
                                             check};

} // namespace lamina::passes
