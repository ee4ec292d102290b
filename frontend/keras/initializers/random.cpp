// keras.initializers.RandomUniform, RandomNormal, TruncatedNormal, Orthogonal:
// keras/src/initializers/random_initializers.py
#include "frontend/builder/random_numbers.h"
#include "frontend/keras/initializers/initializers.h"

namespace lamina::frontend::keras {
namespace {

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

Tensor normal(const InitializerCall &call, llvm::ArrayRef<int64_t> shape, bool isTruncated) {
  return normalFromBits(call.randomBits(shape), isTruncated);
}

std::vector<InitializerEntry> randomInitializers() {
  return {{{"RandomUniform", "random_uniform", "uniform"}, randomUniform},
          {{"RandomNormal", "random_normal", "normal"}, randomNormal<false>},
          {{"TruncatedNormal", "truncated_normal"}, randomNormal<true>},
          {{"Orthogonal", "orthogonal", "OrthogonalInitializer"}, orthogonal}};
}

} // namespace lamina::frontend::keras
