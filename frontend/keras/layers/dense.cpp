// keras.layers.Dense: keras/src/layers/core/dense.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// activation(x @ kernel + bias), the contraction along the last dimension of x.
class Dense : public LayerMeaning {
public:
  explicit Dense(Config &config)
      : units(config.integer("units", 0)), useBias(config.boolean("use_bias", true)),
        activation(createActivation(config.where(), config.raw("activation"))) {
    if (units < 1)
      config.fail(fmt::format("'units' must be positive, not {}", units));
    kernel = {"kernel",
              {},
              config.raw("kernel_initializer"),
              config.raw("kernel_regularizer"),
              config.raw("kernel_constraint")};
    bias = {"bias",
            {units},
            config.raw("bias_initializer"),
            config.raw("bias_regularizer"),
            config.raw("bias_constraint")};
    if (kernel.initializer.is_null())
      kernel.initializer = "glorot_uniform";
    if (bias.initializer.is_null())
      bias.initializer = "zeros";
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

private:
  int64_t units;
  bool useBias;
  Activation activation;
  VariableDeclaration kernel, bias;
};

} // namespace

const LayerEntry denseLayer = {"Dense", createFromConfig<Dense>};

} // namespace lamina::frontend::keras
