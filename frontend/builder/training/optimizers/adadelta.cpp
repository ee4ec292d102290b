// keras.optimizers.Adadelta: keras/src/optimizers/adadelta.py (Zeiler 2012)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// a = rho a + (1 - rho) g^2, s = -sqrt(d + epsilon) g / sqrt(a + epsilon),
/// d = rho d + (1 - rho) s^2, w += lr s.
class Adadelta : public UpdateRule, AdadeltaSettings {
public:
  explicit Adadelta(const AdadeltaSettings &settings) : AdadeltaSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"accumulated_grad", "accumulated_delta_var"});
  }

  void update(UpdateCall &call) const override {
    Tensor &gradients = call.slots[0], &steps = call.slots[1];
    gradients = rho * gradients + (1 - rho) * square(call.gradient);
    Tensor step = -(sqrt(steps + epsilon) * call.gradient / sqrt(gradients + epsilon));
    steps = rho * steps + (1 - rho) * square(step);
    call.value = call.value + call.learningRate * step;
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const AdadeltaSettings &settings) {
  return std::make_unique<Adadelta>(settings);
}

} // namespace lamina::frontend::builder
