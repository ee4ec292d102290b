#include "frontend/builder/initializers/initializers.h"
#include "frontend/builder/random_numbers.h"

namespace lamina::frontend::builder {
namespace {

/// Newton-Schulz steps that bring a singular value of 1e-5 of the largest up to 1.
constexpr int kOrthogonalSteps = 36;

} // namespace

Tensor initialValue(const UniformInitializer &initializer, const InitializerCall &call) {
  const auto &[low, high] = initializer;
  return uniformFromBits(call.randomBits(call.shape)) * (high - low) + low;
}

Tensor initialValue(const NormalInitializer &initializer, const InitializerCall &call) {
  const auto &[mean, deviation, isTruncated] = initializer;
  return normalFromBits(call.randomBits(call.shape), isTruncated) * deviation + mean;
}

/// The Q of a Gaussian matrix's QR factorization, signs made unique, is a uniformly distributed
/// orthogonal matrix. So is the matrix's polar factor, which contractions alone can
/// compute: X <- 1.5 X - 0.5 X (X^T X), starting from singular values in (0, 1] (Higham, "Functions
/// of Matrices", 2008, chapter 8).
Tensor initialValue(const OrthogonalInitializer &initializer, const InitializerCall &call) {
  if (call.shape.size() < 2)
    call.place.fail("an Orthogonal initializer needs at least two dimensions");
  int64_t columns = call.shape.back(), rows = 1;
  for (int64_t extent : call.shape.drop_back())
    rows *= extent;
  Tensor x = normalFromBits(call.randomBits({std::max(rows, columns), std::min(rows, columns)}));
  x = x / sqrt(sumAll(square(x)));
  for (int step = 0; step < kOrthogonalSteps; ++step)
    x = 1.5 * x - 0.5 * dot(x, dot(x, x, 0, 0), 1, 0);
  if (rows < columns)
    x = x.transpose({1, 0});
  return initializer.gain * x.reshape(call.shape);
}

} // namespace lamina::frontend::builder
