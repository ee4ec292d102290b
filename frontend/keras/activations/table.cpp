// keras.activations: keras/src/activations/activations.py with the formulas of
// keras/src/backend/tensorflow/nn.py. All parameters have their defaults: a file names an
// activation function, it cannot give arguments. `threshold` has no defaults and so no entry.
#include "frontend/builder/functions.h"
#include "frontend/files/models/legacy_config.h"
#include "frontend/keras/config/registry.h"

namespace lamina::frontend::keras {
namespace {

/// Functions of one tensor alone.
template <Tensor (*function)(Tensor)> Tensor plain(LayerCall &, Tensor x) {
  return function(x);
}

Tensor linear(Tensor x) {
  return x;
}
Tensor reluDefault(Tensor x) {
  return relu(x);
}
/// Of Keras 2: keras/activations.py, backend.hard_sigmoid.
Tensor olderHardSigmoid(Tensor x) {
  return minimum(maximum(x * 0.2 + 0.5, 0.0), 1.0);
}
Tensor leakyReluDefault(Tensor x) {
  return leakyRelu(x, 0.2);
}
Tensor eluDefault(Tensor x) {
  return elu(x, 1);
}
Tensor celuDefault(Tensor x) {
  return celu(x, 1);
}
Tensor squareplusDefault(Tensor x) {
  return squareplus(x, 4);
}
Tensor hardShrinkDefault(Tensor x) {
  return hardShrink(x, 0.5);
}
Tensor softShrinkDefault(Tensor x) {
  return softShrink(x, 0.5);
}

Tensor sigmoidWithLogits(LayerCall &call, Tensor x) {
  Tensor y = sigmoid(x);
  call.setLogits(y, x);
  return y;
}

/// The last dimension; refuses a vector of rows, which has none.
int64_t lastAxis(LayerCall &call, Tensor x) {
  if (x.rank() < 2)
    call.fail(fmt::format("the activation works along the last dimension of an input of rank 2 or "
                          "more, not of shape {}",
                          describeShape(x.shape())));
  return x.rank() - 1;
}

Tensor softmaxWithLogits(LayerCall &call, Tensor x) {
  Tensor y = softmax(x, {lastAxis(call, x)});
  call.setLogits(y, x);
  return y;
}

Tensor logSoftmaxLast(LayerCall &call, Tensor x) {
  return logSoftmax(x, {lastAxis(call, x)});
}

Tensor gluLast(LayerCall &call, Tensor x) {
  return glu(call.place(), x, lastAxis(call, x));
}

Tensor sparsemaxLast(LayerCall &call, Tensor x) {
  return sparsemax(x, lastAxis(call, x));
}

const ActivationEntry kActivations[] = {
    {"linear", plain<linear>},
    {"relu", plain<reluDefault>},
    {"relu6", plain<relu6>},
    {"leaky_relu", plain<leakyReluDefault>},
    {"elu", plain<eluDefault>},
    {"celu", plain<celuDefault>},
    {"selu", plain<selu>},
    {"gelu", plain<gelu>},
    {"silu", plain<silu>},
    {"swish", plain<silu>},
    {"mish", plain<mish>},
    {"exponential", plain<exp>},
    {"tanh", plain<tanh>},
    {"tanh_shrink", plain<tanhShrink>},
    {"hard_tanh", plain<hardTanh>},
    {"hard_shrink", plain<hardShrinkDefault>},
    {"hard_sigmoid", plain<hardSigmoid>},
    {kOlderHardSigmoid, plain<olderHardSigmoid>},
    {"hard_silu", plain<hardSilu>},
    {"hard_swish", plain<hardSilu>},
    {"soft_shrink", plain<softShrinkDefault>},
    {"softplus", plain<softplus>},
    {"softsign", plain<softsign>},
    {"squareplus", plain<squareplusDefault>},
    {"sparse_plus", plain<sparsePlus>},
    {"sparse_sigmoid", plain<sparseSigmoid>},
    {"log_sigmoid", plain<logSigmoid>},
    {"sigmoid", sigmoidWithLogits},
    {"softmax", softmaxWithLogits},
    {"log_softmax", logSoftmaxLast},
    {"glu", gluLast},
    {"sparsemax", sparsemaxLast},
};

} // namespace

llvm::ArrayRef<ActivationEntry> activationEntries() {
  return kActivations;
}

} // namespace lamina::frontend::keras
