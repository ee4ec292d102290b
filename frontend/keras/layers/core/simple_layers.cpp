// keras.layers.Identity, Masking, ActivityRegularization: keras/src/layers/core/identity.py,
// core/masking.py, regularization/activity_regularization.py
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

/// Steps (vectors along the last dimension) all of whose elements are `mask_value` become zero, and
/// do not count for layers that look at masks.
class Masking : public LayerMeaning {
public:
  explicit Masking(Config &config) : value(config.numbers("mask_value", 0)) {
    if (!value.shape.empty())
      config.fail("'mask_value' must be a number");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (x.rank() < 2)
      call.fail(fmt::format("needs steps along the last dimension, got an input of shape {}",
                            describeShape(x.shape())));
    Tensor mask = any(notEqual(x, x.like(value.values[0])), {x.rank() - 1});
    Tensor y = where(spread(mask, {x.rank() - 1}, x), x, 0.0);
    call.setMask(mask);
    return {y};
  }

private:
  Config::Numbers value;
};

} // namespace

const LayerEntry identityLayer = {"Identity", createFromConfig<Identity>, MaskUse::Passes};
const LayerEntry activityLayer = {"ActivityRegularization",
                                  createFromConfig<ActivityRegularization>, MaskUse::Passes};
const LayerEntry maskingLayer = {"Masking", createFromConfig<Masking>};

} // namespace lamina::frontend::keras
