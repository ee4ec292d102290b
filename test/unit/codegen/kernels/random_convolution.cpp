#include "test/unit/codegen/kernels/random_convolution.h"

#include "passes/schedule/convolution_geometry.h"

using namespace mlir;

namespace lamina::codegen {

RandomConvolution::RandomConvolution(MLIRContext &context, Random &random, int64_t groups,
                                     int64_t groupChannels, int64_t groupFilters)
    : groups(groups), isReversed(random.chance(50)) {
  Type element =
      random.chance(85) ? Type(Float32Type::get(&context)) : Type(Float64Type::get(&context));
  Extents imageShape = {ShapedType::kDynamic}, filterShape;
  bool isPointwise = random.chance(25);
  for (int64_t rank = random.between(1, 3); rank > 0; --rank)
    addAxis(random, imageShape, filterShape, isPointwise);
  imageShape.push_back(groups * groupChannels);
  filterShape.append({groupChannels, groups * groupFilters});
  image = RankedTensorType::get(imageShape, element);
  filter = RankedTensorType::get(filterShape, element);
  // The result's shape comes from the operation.
  Block block;
  block.addArguments({image, filter}, {UnknownLoc::get(&context), UnknownLoc::get(&context)});
  OpBuilder builder(&context);
  builder.setInsertionPointToEnd(&block);
  Value y = convolve(builder, block.getArgument(0), block.getArgument(1));
  result = cast<RankedTensorType>(y.getType());
}

void RandomConvolution::addAxis(Random &random, Extents &imageShape, Extents &filterShape,
                                bool isPointwise) {
  int64_t window = isPointwise ? 1 : random.between(1, 4);
  int64_t step = isPointwise ? 1 : random.between(1, 3);
  bool dilatesInput = random.chance(25);
  strides.push_back(dilatesInput ? 1 : step);
  inputDilation.push_back(dilatesInput ? step : 1);
  filterDilation.push_back(random.chance(25) ? 2 : 1);
  int64_t span = (window - 1) * filterDilation.back() + 1;
  low.push_back(isPointwise ? 0 : random.between(-1, span));
  high.push_back(isPointwise ? 0 : random.between(-1, span));
  int64_t least = std::max<int64_t>(1, span - low.back() - high.back());
  imageShape.push_back(std::max(least, random.between(1, 9)));
  filterShape.push_back(window);
}

Value RandomConvolution::convolve(OpBuilder &builder, Value x, Value weights) const {
  return builder.create<ir::ConvolutionOp>(builder.getUnknownLoc(), x, weights, strides, low, high,
                                           inputDilation, filterDilation, groups, isReversed);
}

RankedTensorType RandomConvolution::channelsOf(RankedTensorType image) {
  return RankedTensorType::get(image.getShape().take_back(), image.getElementType());
}

void RandomConvolution::computeImage(Operation *anchor, unsigned number, Value scale) {
  if (!passes::mayComputeImage(anchor, number))
    return;
  OpBuilder builder(anchor);
  Location loc = builder.getUnknownLoc();
  Value x = anchor->getOperand(number);
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Value scales =
      builder.create<ir::BroadcastInDimOp>(loc, x.getType(), scale, ArrayRef<int64_t>{rank - 1});
  Value product = builder.create<ir::MultiplyOp>(loc, x, scales);
  anchor->setOperand(number, builder.create<ir::AbsOp>(loc, product));
}

Value RandomConvolution::gradient(OpBuilder &builder, Value x, Value y) const {
  return builder.create<ir::FilterGradientOp>(
      builder.getUnknownLoc(), filter, x, y, strides, low, high, inputDilation, filterDilation,
      groups, isReversed, /*slice=*/IntegerAttr(), /*winograd=*/IntegerAttr());
}

} // namespace lamina::codegen
