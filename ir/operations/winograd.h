#pragma once

#include <cstdint>

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

/// Winograd's minimal filtering of images with 3 x 3 taps: a square of outputs is found from the
/// products of two polynomials at a few points, fewer than there are pairs of output and tap.
/// S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms
/// for Convolutional Neural Networks (2015).
namespace lamina::ir {

class ConvolutionOp;
class FilterGradientOp;

/// Rows of coefficients.
using Matrix = llvm::SmallVector<llvm::SmallVector<double>>;

inline constexpr int64_t kWinogradTaps = 3;
/// Filters and channels that a filter at the points has side by side (`winograd_filter`).
inline constexpr int64_t kWinogradPanel = 16, kWinogradChannels = 32;

/// F(side, 3): outputs = output ((filter taps) * (input elements)), the product point by point.
struct WinogradMatrices {
  Matrix input;  ///< B^T: points x points
  Matrix filter; ///< G: points x taps
  Matrix output; ///< A^T: side x points

  /// For squares of `side` x `side` outputs, 2 or 4.
  static WinogradMatrices of(int64_t side);
};

/// Points, and elements of the input, along one dimension.
inline int64_t winogradPoints(int64_t side) {
  return side + kWinogradTaps - 1;
}

inline bool isWinogradSide(int64_t side) {
  return side == 2 || side == 4;
}

/// Whether minimal filtering can make a convolution or its gradient by the filter: two spatial
/// dimensions with 3 taps each, without strides, dilations and groups; the gradient's taps in
/// order.
bool fitsWinograd(ConvolutionOp op);
bool fitsWinograd(FilterGradientOp op);

Matrix transposed(const Matrix &matrix);

/// Filters of a convolution's task, at most: for more, the input is transformed again.
inline constexpr int64_t kWinogradFilters = 128;
/// Channels and filters of a task of a gradient by the filter, at most: both images' squares are
/// transformed again for each task.
inline constexpr int64_t kWinogradGradientChannels = 64, kWinogradGradientFilters = 128;

/// A convolution of 3 x 3 taps, seen from one image: its outputs are `height` x `width`.
struct WinogradShape {
  int64_t height, width, channels, filters;

  /// Squares of `side` x `side` outputs, those at the borders included.
  int64_t countSquares(int64_t side) const;
};

/// Of a convolution of images of type `input` with a result of type `output`.
WinogradShape winogradShapeOf(mlir::RankedTensorType input, mlir::RankedTensorType output);

/// Cycles of the transforms for one image in squares of `side` x `side` outputs and vectors of
/// `lanes` elements: of a convolution's input and output, of both images of a gradient by the
/// filter.
double countTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes);
double countGradientTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes);
/// Once for all images: of the filter to its points, and of the gradient's sums back to taps.
double countFilterTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes);
double countSumTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes);

} // namespace lamina::ir
