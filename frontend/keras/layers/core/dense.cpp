// keras.layers.Dense: keras/src/layers/core/dense.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// activation(x @ kernel + bias), the contraction along the last dimension of x.
class Dense : public LayerMeaning {
public:
  explicit Dense(Config &config)
      : units(config.positive("units")), useBias(config.boolean("use_bias", true)),
        activation(createActivation(config.where(), config.raw("activation"))),
        kernel(readVariable(config, "kernel", "glorot_uniform")),
        bias(readVariable(config, "bias", "zeros")) {
    bias.shape = {units};
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    RankedTensorType input = inputs[0];
    if (input.getRank() < 2 || input.isDynamicDim(input.getRank() - 1))
      place.fail(fmt::format("Dense needs a known last dimension, got an input of shape {}",
                             describeShape(input.getShape())));
    std::vector<VariableDeclaration> variables = {kernel};
    variables[0].shape = {input.getShape().back(), units};
    if (useBias)
      variables.push_back(bias);
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    Tensor weights = call.variable(0);
    if (x.rank() < 2 || x.dim(x.rank() - 1) != weights.dim(0))
      call.fail(fmt::format("the kernel has shape {} but the input has shape {}",
                            describeShape(weights.shape()), describeShape(x.shape())));
    Tensor y = dot(x, weights, x.rank() - 1, 0);
    if (useBias)
      y = y + call.variable(1);
    return {activation(call, y)};
  }

  bool takesAnyDimensions() const override { return true; }

private:
  int64_t units;
  bool useBias;
  Activation activation;
  VariableDeclaration kernel, bias;
};

} // namespace

const LayerEntry denseLayer = {"Dense", createFromConfig<Dense>, MaskUse::Passes};

} // namespace lamina::frontend::keras
