// keras.optimizers.RMSprop: keras/src/optimizers/rmsprop.py (Hinton 2012; centered after Graves
// 2013)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// v = rho v + (1 - rho) g^2, and centered a = rho a + (1 - rho) g, else a = 0;
/// s = lr g / sqrt(v - a^2 + epsilon); w -= s, or with momentum m = momentum m + s, w -= m.
/// Where it `addsToRoot`, the epsilon is outside: s = lr g / (sqrt(v - a^2) + epsilon).
class RMSprop : public UpdateRule, RmspropSettings {
public:
  explicit RMSprop(const RmspropSettings &settings) : RmspropSettings(settings) {}

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
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const RmspropSettings &settings) {
  return std::make_unique<RMSprop>(settings);
}

} // namespace lamina::frontend::builder
