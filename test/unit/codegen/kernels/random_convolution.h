#pragma once

#include "test/unit/codegen/kernels/kernel_fixture.h"

namespace lamina::codegen {

/// A convolution of random geometry: strides, gaps between taps and between elements of the input,
/// padding on either side, or none of it and one tap.
struct RandomConvolution {
  mlir::RankedTensorType image, filter, result;
  Extents strides, low, high, inputDilation, filterDilation;
  int64_t groups = 1;
  bool isReversed = false;

  /// `groupChannels` and `groupFilters` are those of each of `groups` groups.
  RandomConvolution(mlir::MLIRContext &context, Random &random, int64_t groups,
                    int64_t groupChannels, int64_t groupFilters);

  mlir::Value convolve(mlir::OpBuilder &builder, mlir::Value x, mlir::Value weights) const;
  /// The gradient by the filter.
  mlir::Value gradient(mlir::OpBuilder &builder, mlir::Value x, mlir::Value y) const;

  /// A number for each channel of such images.
  static mlir::RankedTensorType channelsOf(mlir::RankedTensorType image);
  /// Lets `anchor` read |x * scale| in place of its operand `number`, x, where it may compute that.
  static void computeImage(mlir::Operation *anchor, unsigned number, mlir::Value scale);

private:
  void addAxis(Random &random, Extents &imageShape, Extents &filterShape, bool isPointwise);
};

} // namespace lamina::codegen
