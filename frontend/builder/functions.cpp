#include "frontend/builder/functions.h"

#include <cmath>
#include <limits>

#include "support/error.h"

namespace lamina::frontend::builder {

namespace {

double largestFinite(Tensor x) {
  return x.elementType().isF64() ? std::numeric_limits<double>::max()
                                 : double(std::numeric_limits<float>::max());
}

/// x, but for minus infinity the lowest number: a factor that has to lose against a zero.
Tensor aboveInfinity(Tensor x) {
  return maximum(x, -largestFinite(x));
}

} // namespace

// The constant is the left operand of maximum and minimum: at a tie the left operand gets the
// gradient, and TensorFlow's Relu and Relu6 give none to x there.
Tensor relu(Tensor x) {
  return maximum(x.like(0), x);
}
Tensor relu6(Tensor x) {
  return minimum(x.like(6), relu(x));
}

Tensor relu(Tensor x, double negativeSlope, std::optional<double> maxValue, double threshold) {
  if (negativeSlope != 0 && !maxValue && threshold == 0)
    return leakyRelu(x, negativeSlope);
  Tensor y = threshold != 0                 ? where(x > threshold, x, 0.0)
             : maxValue && *maxValue == 6.0 ? relu6(x)
                                            : relu(x);
  if (maxValue && (threshold != 0 || *maxValue != 6.0))
    y = clip(y, 0, *maxValue);
  if (negativeSlope == 0)
    return y;
  return y - negativeSlope * relu(threshold != 0 ? -x + threshold : -x);
}

Tensor leakyRelu(Tensor x, double negativeSlope) {
  return where(x > 0, x, negativeSlope * x);
}

// The minimum keeps exp away from large x, where its infinite derivative would turn the unused
// branch's zero gradient into NaN.
Tensor elu(Tensor x, double alpha) {
  Tensor y = where(x < 0, expm1(minimum(x, 0)), x);
  return alpha == 1 ? y : where(x > 0, y, alpha * y);
}

// At 0 the derivative is that of x - x / 2, the wanted 1/2.
Tensor softplus(Tensor x) {
  Tensor isNegative = x < 0;
  return where(isNegative, 0.0, x) + log1p(exp(where(isNegative, x, -x)));
}

Tensor hardSigmoid(Tensor x) {
  return relu6(x + 3.0) / 6.0;
}

Tensor celu(Tensor x, double alpha) {
  return maximum(x, 0.0) + alpha * expm1(minimum(x, 0.0) / alpha);
}
Tensor softsign(Tensor x) {
  Tensor finite = minimum(aboveInfinity(x), largestFinite(x));
  return finite / (abs(finite) + 1.0);
}
/// Far from 0 the root is |x|, and for negative x it is moved below the line: neither overflows nor
/// cancels.
Tensor squareplus(Tensor x, double b) {
  double far = 1e9 * std::max(1.0, std::sqrt(b));
  Tensor magnitude = abs(x);
  Tensor root = where(magnitude > far, magnitude, sqrt(square(minimum(magnitude, far)) + b));
  return where(x < 0, (b / 2) / (root + magnitude), 0.5 * x + 0.5 * root);
}
Tensor silu(Tensor x) {
  return aboveInfinity(x) * sigmoid(x);
}
Tensor gelu(Tensor x) {
  return 0.5 * aboveInfinity(x) * (1.0 + erf(x / 1.4142135623730951));
}
Tensor geluByTanh(Tensor x) {
  Tensor inner = 0.7978845608028654 * (x + 0.044715 * x * square(x));
  return 0.5 * aboveInfinity(x) * (1.0 + tanh(inner));
}
Tensor mish(Tensor x) {
  return aboveInfinity(x) * tanh(softplus(x));
}
Tensor tanhShrink(Tensor x) {
  return x - tanh(x);
}
Tensor hardTanh(Tensor x) {
  return clip(x, -1, 1);
}
Tensor hardSilu(Tensor x) {
  return aboveInfinity(x) * hardSigmoid(x);
}
Tensor hardShrink(Tensor x, double threshold) {
  return where(abs(x) <= threshold, 0.0, x);
}
Tensor logSigmoid(Tensor x) {
  return -softplus(-x);
}

/// Klambauer et al. 2017, with the constants of TensorFlow's Selu.
Tensor selu(Tensor x) {
  constexpr double kScale = 1.0507009873554804934193349852946;
  constexpr double kScaleAlpha = 1.7580993408473768599402175208123;
  return where(x < 0, kScaleAlpha * expm1(minimum(x, 0)), kScale * x);
}

Tensor softShrink(Tensor x, double threshold) {
  Tensor shrunk = where(x < -threshold, x + threshold, x - threshold);
  return where(abs(x) <= threshold, 0.0, shrunk);
}

Tensor sparsePlus(Tensor x) {
  return where(x <= -1, x.like(0), where(x < 1, 0.25 * square(x + 1.0), x));
}

Tensor sparseSigmoid(Tensor x) {
  return where(x <= -1, x.like(0), where(x >= 1, x.like(1), 0.5 * (x + 1.0)));
}

namespace {

/// x minus its maximum, which cancels out of what follows and so needs no gradient.
Tensor shifted(Tensor x, llvm::ArrayRef<int64_t> dimensions) {
  return x - spread(stopGradient(max(x, dimensions)), dimensions, x);
}

} // namespace

Tensor softmax(Tensor x, llvm::ArrayRef<int64_t> dimensions) {
  Tensor exponentials = exp(shifted(x, dimensions));
  return exponentials / spread(sum(exponentials, dimensions), dimensions, x);
}

Tensor logSoftmax(Tensor x, llvm::ArrayRef<int64_t> dimensions) {
  Tensor difference = shifted(x, dimensions);
  return difference - spread(log(sum(exp(difference), dimensions)), dimensions, x);
}

Tensor normalize(Tensor x, int64_t dimension) {
  Tensor squares = sum(square(x), {dimension});
  return x * spread(minimum(rsqrt(squares), 1e7), {dimension}, x);
}

Tensor glu(const Place &place, Tensor x, int64_t axis) {
  int64_t extent = x.dim(axis);
  if (extent % 2)
    place.fail(fmt::format("glu needs an even number of elements along dimension {}, got {}", axis,
                           extent));
  return x.slice(axis, 0, extent / 2) * sigmoid(x.slice(axis, extent / 2, extent));
}

/// Instead of sorting, all pairs are compared: `rank` is an entry's position in descending order
/// (the first of equals first) and `total` the sum of the entries up to it.
Tensor sparsemax(Tensor x, int64_t axis) {
  int64_t last = x.rank() - 1;
  if (axis != last) {
    llvm::SmallVector<int64_t> exchanged = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
    std::swap(exchanged[axis], exchanged[last]);
    return sparsemax(x.transpose(exchanged), last).transpose(exchanged);
  }
  llvm::SmallVector<int64_t> pairs(x.shape());
  pairs.push_back(x.dim(axis));
  auto leading = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  llvm::SmallVector<int64_t> other(leading);
  other.back() = x.rank();
  Tensor mine = x.broadcastInDim(pairs, leading), theirs = x.broadcastInDim(pairs, other);
  Tensor isEarlier = compare(ir::ComparisonDirection::LE, x.emit().iota(pairs, x.rank()),
                             x.emit().iota(pairs, axis));
  Tensor isBefore = logicalOr(compare(ir::ComparisonDirection::GT, theirs, mine),
                              logicalAnd(equal(theirs, mine), isEarlier));
  Tensor rank = sum(isBefore.convert(x.elementType()), {x.rank()});
  Tensor total = sum(where(isBefore, theirs, 0.0), {x.rank()});
  Tensor support = x - (total - 1.0) / rank > 0;
  Tensor size = sum(support.convert(x.elementType()), {axis});
  Tensor threshold = (sum(where(support, total, 0.0), {axis}) - 1.0) / size;
  return maximum(x - spread(threshold, {axis}, x), 0.0);
}

} // namespace lamina::frontend::builder
