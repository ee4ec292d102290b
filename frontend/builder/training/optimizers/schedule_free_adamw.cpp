// keras.optimizers.ScheduleFreeAdamW: keras/src/optimizers/schedule_free_adamw.py (Defazio et al.
// 2024)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// The variable is y = (1 - b1) z + b1 x: z, which starts as the variable, takes Adam's steps
/// without momentum, and x is the mean of all z. With v += (g^2 - v) (1 - b2):
/// z' = z - lr g / (sqrt(v / (1 - b2^t)) + epsilon), x' = x + (z' - x) / t. On TensorFlow Keras
/// finds x in the variable with z' in the place of z (on JAX with z); TensorFlow's way is followed.
class ScheduleFreeAdamW : public UpdateRule, ScheduleFreeAdamWSettings {
public:
  explicit ScheduleFreeAdamW(const ScheduleFreeAdamWSettings &settings)
      : ScheduleFreeAdamWSettings(settings) {
    beta1 = castCoefficient(beta1);
    beta2 = castCoefficient(beta2);
  }

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"momentum", "velocity"});
  }

  void update(UpdateCall &call) const override {
    Tensor rate = call.learningRate;
    if (warmupSteps > 0)
      rate = rate * minimum(call.step / warmupSteps, 1.0);
    Tensor isFirst = call.step <= 1.0;
    Tensor before = where(isFirst, call.old, call.slots[0]);
    Tensor v = call.slots[1] = moveTowards(call.slots[1], square(call.gradient), beta2);
    Tensor scale = sqrt(v / (1.0 - powerOf(beta2, call.step))) + epsilon;
    Tensor z = call.slots[0] = before - rate * call.gradient / scale;
    Tensor share = 1.0 / call.step;
    Tensor x = (call.value - (1 - beta1) * z) / beta1;
    x = (1.0 - share) * x + share * z;
    call.value = (1 - beta1) * z + beta1 * x;
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const ScheduleFreeAdamWSettings &settings) {
  return std::make_unique<ScheduleFreeAdamW>(settings);
}

} // namespace lamina::frontend::builder
