// keras.layers.Activation, ReLU, LeakyReLU, PReLU, ELU, Softmax: keras/src/layers/activations/
#include "frontend/builder/functions.h"
#include "frontend/keras/layers/attention/attention_call.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

class ActivationLayer : public LayerMeaning {
public:
  explicit ActivationLayer(Config &config)
      : activation(createActivation(config.where(), config.raw("activation"))) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    return {activation(call, singleInput(call, inputs).toFloat())};
  }

private:
  Activation activation;
};

/// keras.activations.relu with its three settings.
class ReLU : public LayerMeaning {
public:
  explicit ReLU(Config &config)
      : maxValue(config.optionalNumber("max_value")),
        negativeSlope(config.number("negative_slope", 0)),
        threshold(config.number("threshold", 0)) {
    if (negativeSlope < 0 || threshold < 0 || maxValue.value_or(0) < 0)
      config.fail("'max_value', 'negative_slope' and 'threshold' must not be negative");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    return {relu(singleInput(call, inputs).toFloat(), negativeSlope, maxValue, threshold)};
  }

private:
  std::optional<double> maxValue;
  double negativeSlope, threshold;
};

class LeakyReLU : public LayerMeaning {
public:
  /// tf.keras 2 wrote the slope as "alpha".
  explicit LeakyReLU(Config &config)
      : negativeSlope(config.number("negative_slope", config.number("alpha", 0.3))) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    return {leakyRelu(singleInput(call, inputs).toFloat(), negativeSlope)};
  }

private:
  double negativeSlope;
};

/// relu(x) - alpha * relu(-x) with trained slopes; along `shared_axes` there is one slope for all.
class PReLU : public LayerMeaning {
public:
  explicit PReLU(Config &config)
      : sharedAxes(config.integers("shared_axes").value_or(Axes{})),
        alpha(readVariable(config, "alpha", "zeros")) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    VariableDeclaration declaration = alpha;
    ArrayRef<int64_t> shape = inputs[0].getShape();
    declaration.shape.assign(shape.begin() + 1, shape.end());
    for (int64_t axis : sharedAxes)
      declaration.shape.at(sharedIndex(place, axis, shape.size())) = 1;
    return {declaration};
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    Tensor slope = call.variable(0);
    for (int64_t i = 0; i < slope.rank(); ++i)
      if (x.rank() != slope.rank() + 1 || (slope.dim(i) != 1 && slope.dim(i) != x.dim(i + 1)))
        call.fail(fmt::format("the slopes have shape {} but the input has shape {}",
                              describeShape(slope.shape()), describeShape(x.shape())));
    return {relu(x) + -slope * relu(-x)};
  }

private:
  using Axes = std::vector<int64_t>;

  static size_t sharedIndex(const Place &place, int64_t axis, size_t rank) {
    if (axis < 1 || axis >= static_cast<int64_t>(rank))
      place.fail(fmt::format("'shared_axes' names axis {} of an input of rank {}", axis, rank));
    return static_cast<size_t>(axis - 1);
  }

  Axes sharedAxes;
  VariableDeclaration alpha;
};

class ELU : public LayerMeaning {
public:
  explicit ELU(Config &config) : alpha(config.number("alpha", 1)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    return {elu(singleInput(call, inputs).toFloat(), alpha)};
  }

private:
  double alpha;
};

/// Over one axis with remembered logits, over several as exp(x - logsumexp(x)).
/// A second input says where the first one counts; elsewhere Keras replaces it by a large negative
/// number, and the result, whose logits nothing knows then, by 0. Named in the call, it is handed
/// on as the result's mask; else the first input's is.
class Softmax : public LayerMeaning {
public:
  explicit Softmax(Config &config)
      : axes(config.integers("axis").value_or(std::vector<int64_t>{-1})) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs.take_front()).toFloat();
    if (inputs.size() == 1)
      return {apply(call, x, /*remembersLogits=*/true)};
    call.setMask(call.mask(0));
    Tensor mask = readMask(call, inputs.drop_front(), x);
    return {where(mask, apply(call, where(mask, x, -1e9), /*remembersLogits=*/false), 0.0)};
  }

private:
  Tensor apply(LayerCall &call, Tensor x, bool remembersLogits) const {
    llvm::SmallVector<int64_t> dimensions;
    for (int64_t axis : axes)
      dimensions.push_back(normalizeAxis(call.place(), axis, x.rank()));
    if (dimensions.empty() || llvm::is_contained(dimensions, 0))
      call.fail("'axis' must name dimensions other than the rows");
    refuseRepeated(call.place(), dimensions);
    if (dimensions.size() > 1)
      return exp(logSoftmax(x, dimensions));
    Tensor y = softmax(x, dimensions);
    if (remembersLogits)
      call.setLogits(y, x);
    return y;
  }

  static Tensor readMask(const LayerCall &call, ArrayRef<Tensor> inputs, Tensor x) {
    Tensor mask = singleInput(call, inputs);
    bool fits = mask.rank() == x.rank();
    for (int64_t i = 0; fits && i < x.rank(); ++i)
      fits = mask.dim(i) == 1 || mask.dim(i) == x.dim(i);
    if (!fits)
      call.fail(fmt::format("a mask of shape {} does not fit an input of shape {}",
                            describeShape(mask.shape()), describeShape(x.shape())));
    return countForSoftmax(mask);
  }

  std::vector<int64_t> axes;
};

} // namespace

const LayerEntry activationLayer = {"Activation", createFromConfig<ActivationLayer>,
                                    MaskUse::Passes};
const LayerEntry reluLayer = {"ReLU", createFromConfig<ReLU>, MaskUse::Passes};
const LayerEntry leakyReluLayer = {"LeakyReLU", createFromConfig<LeakyReLU>, MaskUse::Passes};
const LayerEntry preluLayer = {"PReLU", createFromConfig<PReLU>, MaskUse::Passes};
const LayerEntry eluLayer = {"ELU", createFromConfig<ELU>, MaskUse::Passes};
const LayerEntry softmaxLayer = {"Softmax", createFromConfig<Softmax>, MaskUse::Refuses, {"mask"}};

} // namespace lamina::frontend::keras
