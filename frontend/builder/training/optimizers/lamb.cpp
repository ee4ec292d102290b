// keras.optimizers.Lamb: keras/src/optimizers/lamb.py (You et al. 2020)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// Adam's step s, with both moments corrected, scaled to the weight: w -= lr s |w| / |s|, where a
/// norm of zero stands for no scaling.
class Lamb : public UpdateRule, LambSettings {
public:
  explicit Lamb(const LambSettings &settings) : LambSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"momentum", "velocity"});
  }

  void update(UpdateCall &call) const override {
    Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
    Tensor v = call.slots[1] = moveTowards(call.slots[1], square(call.gradient), beta2);
    Tensor step = m / (1.0 - powerOf(beta1, call.step)) /
                  (sqrt(v / (1.0 - powerOf(beta2, call.step))) + epsilon);
    Tensor weightNorm = norm(call.value), stepNorm = norm(step);
    Tensor one = weightNorm.like(1);
    Tensor ratio = where(logicalAnd(weightNorm > 0.0, stepNorm > 0.0), weightNorm / stepNorm, one);
    call.value = call.value - ratio * call.learningRate * step;
  }

private:
  static Tensor norm(Tensor x) { return sqrt(sumAll(square(x))); }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const LambSettings &settings) {
  return std::make_unique<Lamb>(settings);
}

} // namespace lamina::frontend::builder
