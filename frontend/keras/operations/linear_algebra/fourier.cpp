// Fourier transforms of keras.ops: keras/src/backend/tensorflow/math.py
#include <cmath>
#include <numbers>

#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/linear_algebra/fourier.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
/// A matrix of so many elements is the most that a transform takes.
static constexpr int64_t kMostEntries = int64_t(1) << 22;

Tensor waves(const LayerCall &call, Emitter &emitter, Type type, int64_t rows, int64_t columns,
             int64_t n, double (*function)(double), llvm::function_ref<double(int64_t)> weigh) {
  if (rows > kMostEntries / columns)
    call.fail(fmt::format("transforms {} elements; up to 2,048 are supported", n));
  std::vector<double> values;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      values.push_back(weigh(i) * function(2 * std::numbers::pi * static_cast<double>(i * j % n) /
                                           static_cast<double>(n)));
  return emitter.constant(type, values, {rows, columns});
}

double cosineOf(double x) {
  return std::cos(x);
}

double sineOf(double x) {
  return std::sin(x);
}

Complex readComplex(OperationCall &call) {
  Tensors parts = call.tensors("x");
  if (parts.size() != 2 || parts[0].shape() != parts[1].shape())
    call.fail("takes a pair of tensors of one shape, the real and the imaginary parts");
  return {parts[0].toFloat(), parts[1].toFloat()};
}

/// x with `n` elements along its last dimension: cut off, or zeros behind them.
static Tensor resized(Tensor x, int64_t n) {
  int64_t last = x.rank() - 1, extent = x.dim(last);
  if (n <= extent)
    return x.slice(last, 0, n);
  llvm::SmallVector<int64_t> low(x.rank(), 0), high(x.rank(), 0);
  high[last] = n - extent;
  return pad(x, 0, low, high);
}

Tensor inverseRealTransform(OperationCall &call, Complex x, int64_t n) {
  auto [real, imaginary] = x;
  int64_t dimension = real.rank() - 1, half = n / 2 + 1;
  if (n < 1)
    call.fail("has no elements to go back to; give it a 'fft_length'");
  auto weigh = [&](int64_t k) {
    return (k == 0 || 2 * k == n ? 1.0 : 2.0) / static_cast<double>(n);
  };
  auto along = [&](Tensor part, double (*function)(double)) {
    return dot(resized(part, half),
               waves(call.layer, call.emit(), real.elementType(), half, n, n, function, weigh),
               dimension, 0);
  };
  return along(real, cosineOf) - along(imaginary, sineOf);
}

namespace {

Tensor waves(OperationCall &call, Type type, int64_t rows, int64_t columns, int64_t n,
             double (*function)(double), llvm::function_ref<double(int64_t)> weigh) {
  return keras::waves(call.layer, call.emit(), type, rows, columns, n, function, weigh);
}

double one(int64_t) {
  return 1;
}

/// x times a matrix along a dimension.
Tensor along(Tensor x, int64_t dimension, Tensor matrix) {
  Tensor y = dot(x, matrix, dimension, 0);
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i + 1 < y.rank(); ++i)
    order.push_back(i);
  order.insert(order.begin() + dimension, y.rank() - 1);
  return y.transpose(order);
}

int64_t lastDimension(OperationCall &call, Tensor x, int64_t fromEnd = 1) {
  int64_t dimension = x.rank() - fromEnd;
  if (dimension < 0)
    call.fail(
        fmt::format("needs more dimensions than those of shape {}", describeShape(x.shape())));
  refuseRows(call, x, dimension, "transforms");
  return dimension;
}

/// The sum of x[j] exp(-2 pi i j k / n), or its inverse.
Complex transform(OperationCall &call, Complex x, int64_t dimension, bool inverse) {
  auto [real, imaginary] = x;
  int64_t n = real.dim(dimension);
  auto weigh = [&](int64_t) { return inverse ? 1 / static_cast<double>(n) : 1.0; };
  Tensor cosines = waves(call, real.elementType(), n, n, n, cosineOf, weigh);
  Tensor sines = waves(call, real.elementType(), n, n, n, sineOf, weigh);
  if (inverse)
    sines = -sines;
  return {along(real, dimension, cosines) + along(imaginary, dimension, sines),
          along(imaginary, dimension, cosines) - along(real, dimension, sines)};
}

Tensors fft(OperationCall &call) {
  Complex x = readComplex(call);
  auto [real, imaginary] = transform(call, x, lastDimension(call, x.first), false);
  return {real, imaginary};
}

template <bool inverse> Tensors fft2(OperationCall &call) {
  Complex x = readComplex(call);
  for (int64_t fromEnd : {1, 2})
    x = transform(call, x, lastDimension(call, x.first, fromEnd), inverse);
  return {x.first, x.second};
}

int64_t readLength(OperationCall &call, int64_t fallback) {
  return call.settings.has("fft_length") ? call.settings.positive("fft_length") : fallback;
}

/// Of real numbers, the half of the frequencies that says all.
Tensors realTransform(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  int64_t dimension = lastDimension(call, x), n = readLength(call, x.dim(dimension));
  x = resized(x, n);
  Type type = x.elementType();
  return {along(x, dimension, waves(call, type, n, n / 2 + 1, n, cosineOf, one)),
          -along(x, dimension, waves(call, type, n, n / 2 + 1, n, sineOf, one))};
}

Tensors inverseReal(OperationCall &call) {
  Complex x = readComplex(call);
  int64_t dimension = lastDimension(call, x.first);
  return {inverseRealTransform(call, x, readLength(call, 2 * (x.first.dim(dimension) - 1)))};
}

} // namespace

llvm::ArrayRef<OperationEntry> fourierOperations() {
  static const OperationEntry entries[] = {
      {"FFT", {"x"}, fft},           {"FFT2", {"x"}, fft2<false>},   {"IFFT2", {"x"}, fft2<true>},
      {"IRFFT", {"x"}, inverseReal}, {"RFFT", {"x"}, realTransform},
  };
  return entries;
}

} // namespace lamina::frontend::keras
