// Gradient rules of operations that move elements.
#include <algorithm>

#include "ir/operations/term.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using Gradients = SmallVectorImpl<Value>;

Value scalar(OpBuilder &builder, Location loc, RankedTensorType type, double value) {
  return splat(builder, loc, RankedTensorType::get({}, type.getElementType()), value);
}

/// `value` with dimensions of extent 1 put back: dimension i of it becomes dimension
/// `dimensions[i]` of `type`.
Value restoreUnitDimensions(OpBuilder &builder, Location loc, Value value, RankedTensorType type,
                            ArrayRef<int64_t> dimensions) {
  if (value.getType() == type)
    return value;
  return builder.create<BroadcastInDimOp>(loc, type, value, dimensions);
}

/// `gradient` with the elements that `pad` put in removed.
Value slicePadded(OpBuilder &builder, PadOp pad, Value gradient) {
  RankedTensorType type = pad.getOperand().getType();
  llvm::SmallVector<int64_t> limits, strides;
  for (auto [low, interior, extent] :
       llvm::zip_equal(pad.getLow(), pad.getInterior(), type.getShape())) {
    bool rows = ShapedType::isDynamic(extent);
    limits.push_back(rows ? -1 : low + (extent - 1) * (interior + 1) + 1);
    strides.push_back(interior + 1);
  }
  return builder.create<SliceOp>(pad.getLoc(), gradient, pad.getLow(), limits, strides);
}

/// The sum of `gradient` over the elements that `pad` put in.
Value sumPadding(OpBuilder &builder, PadOp pad, Value gradient) {
  Location loc = pad.getLoc();
  RankedTensorType type = pad.getOperand().getType();
  Value inside = splat(builder, loc, type, 0);
  Value mask = builder.create<PadOp>(loc, inside, scalar(builder, loc, type, 1), pad.getLow(),
                                     pad.getHigh(), pad.getInterior());
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  Value masked = builder.create<MultiplyOp>(loc, gradient, mask);
  return builder.create<ReduceOp>(loc, masked, ReductionKind::add, all);
}

} // namespace

LogicalResult BroadcastInDimOp::buildGradient(OpBuilder &builder, ValueRange results,
                                              Gradients &gradients) {
  // Repeated elements add up: a sum over the dimensions that are new or were 1.
  RankedTensorType from = getOperand().getType(), to = getType();
  llvm::SmallVector<int64_t> repeated, kept;
  for (int64_t dimension = 0; dimension < to.getRank(); ++dimension) {
    const int64_t *found = llvm::find(getBroadcastDimensions(), dimension);
    int64_t source = found - getBroadcastDimensions().begin();
    if (found != getBroadcastDimensions().end() &&
        from.getDimSize(source) == to.getDimSize(dimension))
      kept.push_back(source);
    else
      repeated.push_back(dimension);
  }
  Value sum = results[0];
  if (!repeated.empty())
    sum = builder.create<ReduceOp>(getLoc(), sum, ReductionKind::add, repeated);
  gradients.push_back(restoreUnitDimensions(builder, getLoc(), sum, from, kept));
  return success();
}

LogicalResult ReshapeOp::buildGradient(OpBuilder &builder, ValueRange results,
                                       Gradients &gradients) {
  gradients.push_back(builder.create<ReshapeOp>(getLoc(), getOperand().getType(), results[0]));
  return success();
}

LogicalResult TransposeOp::buildGradient(OpBuilder &builder, ValueRange results,
                                         Gradients &gradients) {
  llvm::SmallVector<int64_t> inverse(getPermutation().size());
  for (auto [index, dimension] : llvm::enumerate(getPermutation()))
    inverse[dimension] = static_cast<int64_t>(index);
  gradients.push_back(builder.create<TransposeOp>(getLoc(), results[0], inverse));
  return success();
}

LogicalResult SliceOp::buildGradient(OpBuilder &builder, ValueRange results, Gradients &gradients) {
  RankedTensorType from = getOperand().getType(), to = getType();
  llvm::SmallVector<int64_t> high, interior;
  for (int64_t i = 0; i < from.getRank(); ++i) {
    // Rows are sliced whole.
    auto uncovered = [&] {
      return from.getDimSize(i) - getStartIndices()[i] -
             ((to.getDimSize(i) - 1) * getStrides()[i] + 1);
    };
    high.push_back(from.isDynamicDim(i) ? 0 : uncovered());
    interior.push_back(getStrides()[i] - 1);
  }
  gradients.push_back(builder.create<PadOp>(getLoc(), results[0], scalar(builder, getLoc(), to, 0),
                                            getStartIndices(), high, interior));
  return success();
}

LogicalResult PadOp::buildGradient(OpBuilder &builder, ValueRange results, Gradients &gradients) {
  gradients.push_back(slicePadded(builder, *this, results[0]));
  gradients.push_back(sumPadding(builder, *this, results[0]));
  return success();
}

LogicalResult ConcatenateOp::buildGradient(OpBuilder &builder, ValueRange results,
                                           Gradients &gradients) {
  RankedTensorType type = getType();
  llvm::SmallVector<int64_t> start(type.getRank(), 0), strides(type.getRank(), 1);
  llvm::SmallVector<int64_t> limit(type.getShape());
  std::replace(limit.begin(), limit.end(), ShapedType::kDynamic, int64_t{-1});
  int64_t &begin = start[getDimension()], &end = limit[getDimension()];
  for (Value operand : getOperands()) {
    end = begin + cast<RankedTensorType>(operand.getType()).getDimSize(getDimension());
    gradients.push_back(builder.create<SliceOp>(getLoc(), results[0], start, limit, strides));
    begin = end;
  }
  return success();
}

} // namespace lamina::ir
