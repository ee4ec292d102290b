// keras.optimizers.Lion: keras/src/optimizers/lion.py (Chen et al. 2023)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// w -= lr sign(b1 m + (1 - b1) g), m = b2 m + (1 - b2) g.
class Lion : public UpdateRule, LionSettings {
public:
  explicit Lion(const LionSettings &settings) : LionSettings(settings) {
    beta1 = castCoefficient(beta1);
    beta2 = castCoefficient(beta2);
  }

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"momentum"});
  }

  void update(UpdateCall &call) const override {
    Tensor &momentum = call.slots[0];
    Tensor direction = momentum * beta1 + call.gradient * (1 - beta1);
    call.value = call.value - call.learningRate * direction.apply<ir::SignOp>();
    momentum = momentum * beta2 + call.gradient * (1 - beta2);
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const LionSettings &settings) {
  return std::make_unique<Lion>(settings);
}

} // namespace lamina::frontend::builder
