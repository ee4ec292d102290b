#include "frontend/keras/activations/functions.h"

namespace lamina::frontend::keras {

// The constant stands left in maximum and minimum: at a tie the left operand gets the gradient, and
// TensorFlow's Relu and Relu6 give none to x there.
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

// relu(x) as (x + |x|) / 2, whose derivative at 0 is the wanted 1/2.
Tensor softplus(Tensor x) {
  Tensor magnitude = abs(x);
  return 0.5 * (x + magnitude) + log1p(exp(-magnitude));
}

Tensor hardSigmoid(Tensor x) {
  return relu6(x + 3.0) / 6.0;
}

Tensor celu(Tensor x, double alpha) {
  return maximum(x, 0.0) + alpha * expm1(minimum(x, 0.0) / alpha);
}
Tensor softsign(Tensor x) {
  return x / (abs(x) + 1.0);
}
Tensor squareplus(Tensor x, double b) {
  return (x + sqrt(square(x) + b)) / 2.0;
}
Tensor silu(Tensor x) {
  return x * sigmoid(x);
}
Tensor gelu(Tensor x) {
  return 0.5 * x * (1.0 + erf(x / 1.4142135623730951));
}
Tensor mish(Tensor x) {
  return x * tanh(softplus(x));
}
Tensor tanhShrink(Tensor x) {
  return x - tanh(x);
}
Tensor hardTanh(Tensor x) {
  return clip(x, -1, 1);
}
Tensor hardSilu(Tensor x) {
  return x * hardSigmoid(x);
}
Tensor hardShrink(Tensor x, double threshold) {
  return where(abs(x) > threshold, x, 0.0);
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
  return where(x > threshold, x - threshold, where(x < -threshold, x + threshold, x.like(0)));
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

} // namespace lamina::frontend::keras
