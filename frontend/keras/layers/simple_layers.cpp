// keras.layers.Identity, ActivityRegularization, Rescaling: keras/src/layers/core/identity.py,
// regularization/activity_regularization.py, preprocessing/rescaling.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

class Identity : public LayerMeaning {
public:
  explicit Identity(Config &) {}
  Tensors call(LayerCall &, ArrayRef<Tensor> inputs) const override {
    return Tensors(inputs.begin(), inputs.end());
  }
};

/// The identity; the penalty l1 sum|x| + l2 sum x^2 is the model's to add.
class ActivityRegularization : public Identity {
public:
  explicit ActivityRegularization(Config &config) : Identity(config) {
    config.ignore({"l1", "l2"});
  }
};

/// x * scale + offset, with numbers or vectors along the last dimension.
class Rescaling : public LayerMeaning {
public:
  explicit Rescaling(Config &config)
      : scale(config.numbers("scale", 1)), offset(config.numbers("offset", 0)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    // Keras adds 0 as well, which only turns -0 into 0.
    Tensor y = x * constant(call, scale, x);
    bool isZero = offset.values == std::vector<double>{0} && offset.shape.empty();
    return {isZero ? y : y + constant(call, offset, x)};
  }

private:
  static Tensor constant(LayerCall &call, const Config::Numbers &numbers, Tensor x) {
    if (numbers.shape.empty())
      return x.like(numbers.values[0]);
    bool fits = static_cast<int64_t>(numbers.shape.size()) < x.rank();
    for (size_t i = 0; fits && i < numbers.shape.size(); ++i) {
      int64_t extent = x.dim(x.rank() - numbers.shape.size() + i);
      fits = numbers.shape[i] == 1 || numbers.shape[i] == extent;
    }
    if (!fits)
      call.fail(fmt::format("'scale' or 'offset' of shape {} does not fit an input of shape {}",
                            describeShape(numbers.shape), describeShape(x.shape())));
    return call.emit().constant(numbers.values, numbers.shape);
  }

  Config::Numbers scale, offset;
};

} // namespace

const LayerEntry identityLayer = {"Identity", createFromConfig<Identity>};
const LayerEntry activityLayer = {"ActivityRegularization",
                                  createFromConfig<ActivityRegularization>};
const LayerEntry rescalingLayer = {"Rescaling", createFromConfig<Rescaling>};

} // namespace lamina::frontend::keras
