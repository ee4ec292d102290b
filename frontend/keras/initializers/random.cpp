// keras.initializers.RandomUniform, RandomNormal, TruncatedNormal, Orthogonal:
// keras/src/initializers/random_initializers.py
#include "frontend/keras/initializers/initializers.h"

namespace lamina::frontend::keras {
namespace {

/// a[0] + a[1] w + a[2] w^2 + …
Tensor polynomial(Tensor w, std::initializer_list<double> coefficients) {
  auto next = std::rbegin(coefficients);
  Tensor value = w * *next + *std::next(next);
  for (next += 2; next != std::rend(coefficients); ++next)
    value = value * w + *next;
  return value;
}

/// The inverse of erf in single precision: Giles, "Approximating the erfinv function", GPU
/// Computing Gems 2, 2011, table 5.
Tensor inverseErf(Tensor x) {
  Tensor w = -log((1.0 - x) * (1.0 + x));
  Tensor central =
      polynomial(w - 2.5, {1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087,
                           -4.39150654e-06, -3.5233877e-06, 3.43273939e-07, 2.81022636e-08});
  Tensor tail = polynomial(sqrt(w) - 3.0,
                           {2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773,
                            -0.00367342844, 0.00134934322, 0.000100950558, -0.000200214257});
  return where(w < 5.0, central, tail) * x;
}

/// Numbers strictly between 0 and 1: 23 random bits and a half.
Tensor openUniform(Tensor bits) {
  Tensor shift = bits.like(9).broadcastTo(bits.shape());
  Tensor mantissa =
      bits.with(bits.emit().create<ir::ShiftRightLogicalOp>(mlir::Value(bits), mlir::Value(shift)));
  return (mantissa.toFloat() + 0.5) * 0x1p-23;
}

Tensor randomUniform(const InitializerCall &call, Config &config) {
  config.ignore({"seed"});
  double low = config.number("minval", -0.05), high = config.number("maxval", 0.05);
  return uniformFromBits(call.randomBits(call.shape)) * (high - low) + low;
}

template <bool isTruncated> Tensor randomNormal(const InitializerCall &call, Config &config) {
  config.ignore({"seed"});
  double mean = config.number("mean", 0), deviation = config.number("stddev", 0.05);
  return normal(call, call.shape, isTruncated) * deviation + mean;
}

/// Newton-Schulz steps that bring a singular value of 1e-5 of the largest up to 1.
constexpr int kOrthogonalSteps = 36;

/// Keras takes the Q of a Gaussian matrix's QR factorization, signs made unique: a uniformly
/// distributed orthogonal matrix. So is the matrix's polar factor, which contractions alone can
/// compute: X <- 1.5 X - 0.5 X (X^T X), starting from singular values in (0, 1] (Higham, "Functions
/// of Matrices", 2008, chapter 8).
Tensor orthogonal(const InitializerCall &call, Config &config) {
  config.ignore({"seed"});
  double gain = config.number("gain", 1);
  if (call.shape.size() < 2)
    config.fail("an Orthogonal initializer needs at least two dimensions");
  int64_t columns = call.shape.back(), rows = 1;
  for (int64_t extent : call.shape.drop_back())
    rows *= extent;
  Tensor x = normal(call, {std::max(rows, columns), std::min(rows, columns)}, false);
  x = x / sqrt(sumAll(square(x)));
  for (int step = 0; step < kOrthogonalSteps; ++step)
    x = 1.5 * x - 0.5 * dot(x, dot(x, x, 0, 0), 1, 0);
  if (rows < columns)
    x = x.transpose({1, 0});
  return gain * x.reshape(call.shape);
}

} // namespace

// sqrt(2) erfinv(2 u - 1) is normal for uniform u; squeezed to erf(+-2 / sqrt(2)) first, it is the
// normal distribution's part within two standard deviations.
Tensor normal(const InitializerCall &call, llvm::ArrayRef<int64_t> shape, bool isTruncated) {
  constexpr double kErfOfTwoDeviations = 0.95449973610364158;
  Tensor centered = openUniform(call.randomBits(shape)) * 2.0 - 1.0;
  if (isTruncated)
    centered = centered * kErfOfTwoDeviations;
  return inverseErf(centered) * 1.4142135623730951;
}

std::vector<InitializerEntry> randomInitializers() {
  return {{{"RandomUniform", "random_uniform", "uniform"}, randomUniform},
          {{"RandomNormal", "random_normal", "normal"}, randomNormal<false>},
          {{"TruncatedNormal", "truncated_normal"}, randomNormal<true>},
          {{"Orthogonal", "orthogonal", "OrthogonalInitializer"}, orthogonal}};
}

} // namespace lamina::frontend::keras
