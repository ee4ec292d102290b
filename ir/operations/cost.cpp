// Multiply-adds and floating-point operations of anchors: the cost interface.
#include <cmath>

#include "ir/dialect.h"
#include "ir/module.h"
#include "ir/operations/winograd.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// Elements along dimensions of a tensor when the batch is full.
double extentOf(RankedTensorType type, ArrayRef<int64_t> dimensions, int64_t batchSize) {
  double extent = 1;
  for (int64_t dimension : dimensions)
    extent *=
        static_cast<double>(type.isDynamicDim(dimension) ? batchSize : type.getDimSize(dimension));
  return extent;
}

/// Pairs of output and tap that meet an element, not padding, over all spatial dimensions.
template <typename WindowOp> double countMeetings(WindowOp op, size_t spatialRank) {
  double pairs = 1;
  for (size_t i = 0; i < spatialRank; ++i)
    pairs *= static_cast<double>(op.getAxis(i).countMeetings());
  return pairs;
}

/// A convolution or its gradient by the filter: images N x S... x C, filters K... x C / groups x O.
template <typename Op>
double convolutionMultiplyAdds(Op op, RankedTensorType filter, int64_t batchSize) {
  int64_t rank = filter.getRank();
  double channels = extentOf(filter, {rank - 2, rank - 1}, batchSize);
  return extentOf(op.getLhs().getType(), {0}, batchSize) * countMeetings(op, rank - 2) * channels;
}

} // namespace

double DotGeneralOp::getMultiplyAdds(int64_t batchSize) {
  return extentOf(getLhs().getType(), getLhsContractingDimensions(), batchSize) *
         static_cast<double>(getCapacityElements(getType(), batchSize));
}

double ConvolutionOp::getMultiplyAdds(int64_t batchSize) {
  return convolutionMultiplyAdds(*this, getRhs().getType(), batchSize);
}

double FilterGradientOp::getMultiplyAdds(int64_t batchSize) {
  return convolutionMultiplyAdds(*this, getFilterType(), batchSize);
}

double WinogradConvolutionOp::getMultiplyAdds(int64_t batchSize) {
  double products =
      extentOf(getLhs().getType(), {0, 3}, batchSize) * static_cast<double>(getFilters());
  return products * countMeetings(*this, 2);
}

double WinogradConvolutionOp::getTransformCycles(int64_t batchSize, int64_t lanes) {
  return extentOf(getLhs().getType(), {0}, batchSize) *
         countTransformCycles(winogradShapeOf(getLhs().getType(), getType()),
                              static_cast<int64_t>(getTile()), lanes);
}

double WinogradFilterOp::getTransformCycles(int64_t, int64_t lanes) {
  ArrayRef<int64_t> filter = getFilter().getType().getShape();
  return countFilterTransformCycles({0, 0, filter[2], filter[3]}, static_cast<int64_t>(getTile()),
                                    lanes);
}

double FilterGradientOp::getTransformCycles(int64_t batchSize, int64_t lanes) {
  if (!getWinograd())
    return 0;
  WinogradShape shape = winogradShapeOf(getLhs().getType(), getGradient().getType());
  auto side = static_cast<int64_t>(*getWinograd());
  double images = extentOf(getLhs().getType(), {0}, batchSize);
  double slices = images / static_cast<double>(getSlice().value_or(static_cast<uint64_t>(images)));
  return images * countGradientTransformCycles(shape, side, lanes) +
         std::ceil(slices) * countSumTransformCycles(shape, side, lanes);
}

double ReduceWindowOp::getFlops(int64_t batchSize) {
  RankedTensorType images = getOperand().getType();
  return extentOf(images, {0, images.getRank() - 1}, batchSize) *
         countMeetings(*this, getWindow().size());
}

} // namespace lamina::ir
