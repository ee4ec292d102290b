#include "passes/schedule/convolution_geometry.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// With more channels a register tile is about as good with channels alone.
constexpr int64_t kFewChannels = 4;

template <typename Op> ConvolutionGeometry geometryOf(Op op, RankedTensorType filter, bool merge) {
  ConvolutionGeometry geometry;
  for (int64_t i = 0; i < op.getSpatialRank(); ++i) {
    ir::WindowAxis axis = op.getAxis(i);
    if (merge && axis.isIdentity() && i > 0 && geometry.axes.back().isIdentity()) {
      geometry.axes.back().input *= axis.input;
      geometry.axes.back().output *= axis.output;
      geometry.lastDimensions.back() = i;
    } else {
      geometry.axes.push_back(axis);
      geometry.lastDimensions.push_back(i);
    }
  }
  geometry.groups = op.getGroups();
  geometry.channels = filter.getDimSize(filter.getRank() - 2);
  geometry.filters = filter.getShape().back() / geometry.groups;
  geometry.depthwise = isDepthwise(op);
  if (geometry.depthwise)
    std::swap(geometry.groups, geometry.filters);
  return geometry;
}

/// Whether a broadcast repeats along rows and spatial dimensions alone, or along none.
bool dependsOnChannelAlone(ir::BroadcastInDimOp broadcast) {
  RankedTensorType from = broadcast.getOperand().getType(), to = broadcast.getType();
  for (auto [position, dimension] : llvm::enumerate(broadcast.getBroadcastDimensions()))
    if (from.getDimSize(position) != 1 && dimension != to.getRank() - 1)
      return from.getShape() == to.getShape();
  return true;
}

} // namespace

ConvolutionGeometry ConvolutionGeometry::of(ir::ConvolutionOp op, bool mergeAxes) {
  return geometryOf(op, op.getRhs().getType(), mergeAxes);
}

ConvolutionGeometry ConvolutionGeometry::of(ir::FilterGradientOp op) {
  return geometryOf(op, op.getFilterType(), /*merge=*/true);
}

int64_t ConvolutionGeometry::taps() const {
  int64_t result = 1;
  for (const ir::WindowAxis &axis : axes)
    result *= axis.window;
  return result;
}

bool ConvolutionGeometry::hasFewChannels() const {
  return axes.size() > 1 && !depthwise && groups == 1 && channels <= kFewChannels &&
         llvm::all_of(axes, [](const ir::WindowAxis &axis) {
           FilterWalkAxis along(axis);
           return !along.overInput && static_cast<int64_t>(along.phase.taps.size()) == axis.window;
         });
}

int64_t ConvolutionGeometry::lines() const {
  int64_t result = 1;
  for (const ir::WindowAxis &axis : outerAxes())
    result *= axis.output;
  return result;
}

int64_t ConvolutionGeometry::multiplyAdds() const {
  int64_t result = channels * filters * groups;
  for (const ir::WindowAxis &axis : axes)
    result *= axis.countMeetings();
  return result;
}

static bool isDepthwise(RankedTensorType filter, int64_t groups) {
  ArrayRef<int64_t> channels = filter.getShape().take_back(2);
  return groups > 1 && channels[0] == 1 && channels[1] == groups;
}

bool isDepthwise(ir::ConvolutionOp op) {
  return isDepthwise(op.getRhs().getType(), op.getGroups());
}

bool isDepthwise(ir::FilterGradientOp op) {
  return isDepthwise(op.getFilterType(), op.getGroups());
}

bool isPartOfComputedImage(Operation *op) {
  if (auto constant = dyn_cast<ir::ConstantOp>(op))
    return cast<DenseElementsAttr>(constant.getValue()).isSplat() ||
           constant.getType().getRank() <= 1;
  if (auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op))
    return dependsOnChannelAlone(broadcast);
  return op->hasTrait<ir::Elementwise>() || isa<ir::RowsOp>(op);
}

bool canMergeAxes(ir::KernelOp kernel) {
  return llvm::all_of(kernel.getBlock().without_terminator(), [](Operation &op) {
    return isPartOfComputedImage(&op) || isa<ir::ConvolutionOp>(op);
  });
}

bool mayComputeImage(Operation *anchor, unsigned number) {
  auto fits = [](auto op) {
    return op.getSpatialRank() <= 2 && (op.getGroups() == 1 || isDepthwise(op)) &&
           llvm::all_of(op.getLhsDilation(), [](int64_t dilation) { return dilation == 1; });
  };
  if (auto convolution = dyn_cast<ir::ConvolutionOp>(anchor))
    return number == 0 && fits(convolution);
  auto gradient = dyn_cast<ir::FilterGradientOp>(anchor);
  return gradient && !gradient.getWinograd() && fits(gradient) &&
         !ConvolutionGeometry::of(gradient).hasFewChannels();
}

bool isComputedImage(Value image) {
  llvm::SmallSetVector<Operation *, 8> work;
  if (Operation *op = image.getDefiningOp())
    work.insert(op);
  for (size_t i = 0; i < work.size(); ++i) {
    if (!isPartOfComputedImage(work[i]))
      return false;
    for (Value operand : work[i]->getOperands())
      if (Operation *op = operand.getDefiningOp())
        work.insert(op);
  }
  return !work.empty();
}

} // namespace lamina::passes
