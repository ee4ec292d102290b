// keras.optimizers.Adam, AdamW: keras/src/optimizers/adam.py, adamw.py (Kingma and Ba 2014; amsgrad
// after Reddi et al. 2018; AdamW after Loshchilov and Hutter 2019)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// m += (g - m) (1 - b1), v += (g^2 - v) (1 - b2),
/// w -= m alpha / (sqrt(v) + epsilon) with alpha = lr sqrt(1 - b2^t) / (1 - b1^t).
class Adam : public UpdateRule, AdamSettings {
public:
  explicit Adam(const AdamSettings &settings) : AdamSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    SlotGroups groups = slotsLike(variable, {"momentum", "velocity"});
    if (isAmsgrad)
      groups.push_back(slotsLike(variable, {"velocity_hat"}).front());
    return groups;
  }

  void update(UpdateCall &call) const override {
    Tensor alpha = call.learningRate * sqrt(1.0 - powerOf(beta2, call.step)) /
                   (1.0 - powerOf(beta1, call.step));
    Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
    Tensor v = call.slots[1] = moveTowards(call.slots[1], square(call.gradient), beta2);
    if (isAmsgrad)
      call.slots[2] = v = maximum(call.slots[2], v);
    call.value = call.value - (m * alpha) / (sqrt(v) + epsilon);
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const AdamSettings &settings) {
  return std::make_unique<Adam>(settings);
}

} // namespace lamina::frontend::builder
