// Gradient rules of convolutions, windows and lookups.
#include "ir/operations/term.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using Gradients = SmallVectorImpl<Value>;

/// The filter with input and output channels exchanged, group by group.
Value exchangeChannels(OpBuilder &builder, Location loc, Value filter, int64_t groups) {
  auto type = cast<RankedTensorType>(filter.getType());
  int64_t spatial = type.getRank() - 2;
  int64_t inputs = type.getDimSize(spatial), outputs = type.getDimSize(spatial + 1) / groups;
  llvm::SmallVector<int64_t> taps(type.getShape().take_front(spatial));
  auto shapeWith = [&](std::initializer_list<int64_t> channels) {
    llvm::SmallVector<int64_t> shape(taps);
    shape.append(channels);
    return type.clone(shape);
  };
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, spatial));
  if (inputs == 1 && outputs == 1)
    return filter;
  if (groups == 1) {
    order.append({spatial + 1, spatial});
    return builder.create<TransposeOp>(loc, filter, order);
  }
  order.append({spatial + 2, spatial + 1, spatial});
  Value split = builder.create<ReshapeOp>(loc, shapeWith({inputs, groups, outputs}), filter);
  Value exchanged = builder.create<TransposeOp>(loc, split, order);
  return builder.create<ReshapeOp>(loc, shapeWith({outputs, groups * inputs}), exchanged);
}

/// A convolution of the result's gradient, with strides and dilations of the operand exchanged and
/// the filter turned around.
Value convolutionDataGradient(OpBuilder &builder, ConvolutionOp op, Value gradient) {
  llvm::SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < op.getSpatialRank(); ++i) {
    WindowAxis axis = op.getAxis(i).transposed();
    low.push_back(axis.low);
    // As much as the window needs to reach the operand's last element.
    int64_t dilated = (axis.input - 1) * axis.inputDilation + 1;
    high.push_back((axis.output - 1) * axis.stride + axis.span() - dilated - axis.low);
  }
  Value filter = exchangeChannels(builder, op.getLoc(), op.getRhs(), op.getGroups());
  return builder.create<ConvolutionOp>(op.getLoc(), gradient, filter, op.getLhsDilation(), low,
                                       high, op.getStrides(), op.getRhsDilation(), op.getGroups(),
                                       !op.getReversed());
}

} // namespace

LogicalResult ConvolutionOp::buildGradient(OpBuilder &builder, ValueRange results,
                                           Gradients &gradients) {
  gradients.push_back(convolutionDataGradient(builder, *this, results[0]));
  gradients.push_back(builder.create<FilterGradientOp>(
      getLoc(), getRhs().getType(), getLhs(), results[0], getStrides(), getLow(), getHigh(),
      getLhsDilation(), getRhsDilation(), getGroups(), getReversed(),
      /*slice=*/IntegerAttr(),
      /*winograd=*/IntegerAttr()));
  return success();
}

LogicalResult FilterGradientOp::buildGradient(OpBuilder &, ValueRange, Gradients &) {
  return emitOpError("has no gradient rule: gradients of gradients are not supported");
}

LogicalResult ReduceWindowOp::buildGradient(OpBuilder &builder, ValueRange results,
                                            Gradients &gradients) {
  Value places;
  if (getKind() == ReductionKind::maximum)
    places = builder.create<ArgmaxWindowOp>(getLoc(), getOperand(), getWindow(), getStrides(),
                                            getLow(), getHigh());
  gradients.push_back(builder.create<WindowScatterOp>(getLoc(), getOperand().getType(), results[0],
                                                      places, getWindow(), getStrides(), getLow(),
                                                      getHigh()));
  return success();
}

LogicalResult ArgmaxWindowOp::buildGradient(OpBuilder &, ValueRange, Gradients &gradients) {
  gradients.push_back(Value());
  return success();
}

LogicalResult WindowScatterOp::buildGradient(OpBuilder &, ValueRange, Gradients &) {
  return emitOpError("has no gradient rule: gradients of gradients are not supported");
}

LogicalResult GatherOp::buildGradient(OpBuilder &builder, ValueRange results,
                                      Gradients &gradients) {
  gradients.push_back(builder.create<ScatterOp>(getLoc(), getOperand().getType(), getIndices(),
                                                results[0], getDimension(), getBatching()));
  gradients.push_back(Value());
  return success();
}

LogicalResult ScatterOp::buildGradient(OpBuilder &builder, ValueRange results,
                                       Gradients &gradients) {
  gradients.push_back(Value());
  gradients.push_back(
      builder.create<GatherOp>(getLoc(), results[0], getIndices(), getDimension(), getBatching()));
  return success();
}

} // namespace lamina::ir
