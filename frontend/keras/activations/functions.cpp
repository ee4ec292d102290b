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
