// keras.optimizers.Adamax: keras/src/optimizers/adamax.py (Kingma and Ba 2014, section 7.1)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// m += (g - m) (1 - b1), u = max(b2 u, |g|), w -= lr m / ((1 - b1^t) (u + epsilon)).
class Adamax : public UpdateRule, AdamaxSettings {
public:
  explicit Adamax(const AdamaxSettings &settings) : AdamaxSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"momentum", "norm"});
  }

  void update(UpdateCall &call) const override {
    Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
    Tensor u = call.slots[1] = maximum(call.slots[1] * beta2, abs(call.gradient));
    Tensor scale = 1.0 - powerOf(beta1, call.step);
    call.value = call.value - (call.learningRate * m) / (scale * (u + epsilon));
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const AdamaxSettings &settings) {
  return std::make_unique<Adamax>(settings);
}

} // namespace lamina::frontend::builder
