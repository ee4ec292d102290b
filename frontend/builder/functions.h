#pragma once

#include <optional>

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"

/// Activations: formulas that layers and losses share. Source: keras/src/activations/ and
/// keras/src/backend/tensorflow/nn.py; derivatives at kinks are TensorFlow's.
namespace lamina::frontend::builder {

/// max(0, x); the derivative at 0 is 0 and NaN stays NaN.
Tensor relu(Tensor x);
/// keras.activations.relu with all its settings.
Tensor relu(Tensor x, double negativeSlope, std::optional<double> maxValue, double threshold);
/// min(max(0, x), 6); the derivative is 0 at both ends.
Tensor relu6(Tensor x);
Tensor leakyRelu(Tensor x, double negativeSlope);
Tensor elu(Tensor x, double alpha);
/// log(1 + exp(x)), without overflow; the derivative at 0 is 1/2.
Tensor softplus(Tensor x);
Tensor hardSigmoid(Tensor x);
Tensor celu(Tensor x, double alpha);
/// By erf.
Tensor gelu(Tensor x);
/// By tanh (Hendrycks and Gimpel 2016).
Tensor geluByTanh(Tensor x);
Tensor hardShrink(Tensor x, double threshold);
Tensor hardSilu(Tensor x);
Tensor hardTanh(Tensor x);
Tensor logSigmoid(Tensor x);
Tensor mish(Tensor x);
Tensor selu(Tensor x);
Tensor silu(Tensor x);
Tensor softShrink(Tensor x, double threshold);
Tensor softsign(Tensor x);
Tensor sparsePlus(Tensor x);
Tensor sparseSigmoid(Tensor x);
Tensor squareplus(Tensor x, double b);
Tensor tanhShrink(Tensor x);
/// exp(x - max) / sum(exp(x - max)) over `dimensions`.
Tensor softmax(Tensor x, llvm::ArrayRef<int64_t> dimensions);
/// x - max - log(sum(exp(x - max))) over `dimensions`.
Tensor logSoftmax(Tensor x, llvm::ArrayRef<int64_t> dimensions);

/// x / |x| along one dimension, where a norm below 1e-7 counts as 1e-7 (keras.ops.normalize).
Tensor normalize(Tensor x, int64_t dimension);
/// Along one dimension the first half times the sigmoid of the second (Dauphin et al. 2017).
/// Refuses an odd extent.
Tensor glu(const Place &place, Tensor x, int64_t axis);
/// Martins and Astudillo 2016, as Keras computes it: its threshold adds up the running sums of all
/// entries in the support, where the paper takes the last one.
Tensor sparsemax(Tensor x, int64_t axis);

} // namespace lamina::frontend::builder
