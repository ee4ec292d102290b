// keras.optimizers.SGD: keras/src/optimizers/sgd.py
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// m = momentum m - lr g; then w += m, or with Nesterov momentum w += momentum m - lr g.
class SGD : public UpdateRule, SgdSettings {
public:
  explicit SGD(const SgdSettings &settings) : SgdSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return momentum == 0 ? SlotGroups() : slotsLike(variable, {"momentum"});
  }

  void update(UpdateCall &call) const override {
    Tensor step = call.gradient * call.learningRate;
    if (momentum == 0) {
      call.value = call.value - step;
      return;
    }
    Tensor velocity = call.slots[0] * momentum - step;
    call.slots[0] = velocity;
    call.value = call.value + (isNesterov ? velocity * momentum - step : velocity);
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const SgdSettings &settings) {
  return std::make_unique<SGD>(settings);
}

} // namespace lamina::frontend::builder
