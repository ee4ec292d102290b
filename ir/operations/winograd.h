#pragma once

#include <cstdint>

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

/// F(tile, 3): outputs = output ((filter taps) * (input elements)), the product point by point.
struct WinogradMatrices {
  Matrix input;  ///< B^T: points x points
  Matrix filter; ///< G: points x taps
  Matrix output; ///< A^T: tile x points

  /// For squares of `tile` x `tile` outputs, 2 or 4.
  static WinogradMatrices of(int64_t tile);
};

/// Points, and elements of the input, along one dimension.
inline int64_t winogradPoints(int64_t tile) {
  return tile + kWinogradTaps - 1;
}

inline bool isWinogradTile(int64_t tile) {
  return tile == 2 || tile == 4;
}

/// Whether minimal filtering can make a convolution or its gradient by the filter: two spatial
/// dimensions with 3 taps each, without strides, dilations and groups; the gradient's taps in
/// order.
bool fitsWinograd(ConvolutionOp op);
bool fitsWinograd(FilterGradientOp op);

Matrix transposed(const Matrix &matrix);

} // namespace lamina::ir
