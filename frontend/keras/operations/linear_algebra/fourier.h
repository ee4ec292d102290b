#pragma once

#include "frontend/keras/operations/operation_call.h"

/// Fourier transforms as contractions with their matrices. Complex numbers are pairs of tensors,
/// real and imaginary.
namespace lamina::frontend::keras {

using Complex = std::pair<Tensor, Tensor>;

/// The cosines or sines of the angles 2 pi i j / n of `rows` x `columns` elements, times the weight
/// of each row. Refuses matrices that are too large.
Tensor waves(const LayerCall &call, Emitter &emitter, mlir::Type type, int64_t rows,
             int64_t columns, int64_t n, double (*function)(double),
             llvm::function_ref<double(int64_t)> weigh);
double cosineOf(double x);
double sineOf(double x);

/// The two parts of the call's argument "x", a pair of tensors.
Complex readComplex(OperationCall &call);

/// `n` real numbers along the last dimension from the half of their frequencies that says all:
/// those between the first and the middle one count twice.
Tensor inverseRealTransform(OperationCall &call, Complex x, int64_t n);

/// Pieces of a signal that are transformed: keras.ops.stft.
struct ShortTime {
  int64_t stride = 1, length = 1; ///< of the pieces, which are as long as the transform
  std::vector<double> window;     ///< as long
  bool isCentered = true;         ///< the signal goes on as its mirror image on both sides

  /// Reads "sequence_length", "sequence_stride", "fft_length", "window" and "center".
  static ShortTime read(Config &config);
};

/// From (…, samples) to twice (…, pieces, frequencies).
Complex transformPieces(LayerCall &call, Tensor x, const ShortTime &pieces);

/// Pieces of `length` elements along the last dimension, `stride` apart, from `start` on: (…,
/// pieces, elements). `place` maps a position to an element of x.
Tensor cutPieces(const LayerCall &call, Tensor x, int64_t count, int64_t length, int64_t stride,
                 llvm::function_ref<int64_t(int64_t)> place);

} // namespace lamina::frontend::keras
