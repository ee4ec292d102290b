// keras.optimizers.RMSprop: keras/src/optimizers/rmsprop.py (Hinton 2012; centered after Graves
// 2013)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// v = rho v + (1 - rho) g^2, and centered a = rho a + (1 - rho) g, else a = 0;
/// s = lr g / sqrt(v - a^2 + epsilon); w -= s, or with momentum m = momentum m + s, w -= m.
/// Legacy optimizers without momentum have the epsilon outside: s = lr g / (sqrt(v - a^2) +
/// epsilon).
class RMSprop : public OptimizerMeaning {
public:
  explicit RMSprop(Config &config, bool isLegacy = false)
      : rho(config.number("rho", 0.9)), momentum(config.number("momentum", 0)),
        epsilon(config.number("epsilon", 1e-7)), isCentered(config.boolean("centered", false)),
        addsToRoot(isLegacy && momentum == 0) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    SlotGroups groups = slotsLike(variable, {"velocity"});
    if (momentum > 0)
      groups.push_back(slotsLike(variable, {"momentum"}).front());
    if (isCentered)
      groups.push_back(slotsLike(variable, {"average_gradient"}).front());
    return groups;
  }

  void update(UpdateCall &call) const override {
    Tensor gradient = call.gradient;
    Tensor &velocity = call.slots.front();
    velocity = velocity * rho + square(gradient) * (1 - rho);
    Tensor denominator = velocity;
    if (isCentered) {
      Tensor &average = call.slots.back();
      average = average * rho + gradient * (1 - rho);
      denominator = velocity - square(average);
    }
    Tensor root = addsToRoot ? sqrt(denominator) + epsilon : sqrt(denominator + epsilon);
    Tensor step = call.learningRate * gradient / root;
    if (momentum > 0)
      step = call.slots[1] = call.slots[1] * momentum + step;
    call.value = call.value - step;
  }

private:
  double rho, momentum, epsilon;
  bool isCentered, addsToRoot;
};

/// keras.optimizers.legacy.RMSprop (Keras 2).
class LegacyRMSprop : public RMSprop {
public:
  explicit LegacyRMSprop(Config &config) : RMSprop(config, true) {}
};

} // namespace

const OptimizerEntry rmspropOptimizer = {
    {"RMSprop", "rmsprop"}, 0.001, nlohmann::json::object(), createOptimizer<RMSprop>};
const OptimizerEntry legacyRMSpropOptimizer = {
    {"RMSprop", "rmsprop"}, 0.001, nlohmann::json::object(), createOptimizer<LegacyRMSprop>};

} // namespace lamina::frontend::keras
