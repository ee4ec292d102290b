// keras.optimizers.Ftrl: keras/src/optimizers/ftrl.py (McMahan et al. 2013; shrinkage as in
// TensorFlow's operation)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// With p = -learning_rate_power: a' = a + g^2,
/// l += g + 2 shrinkage w - (a'^p - a^p) / lr w,
/// w = (clip(l, -l1, l1) - l) / (a'^p / lr + 2 l2 + beta / lr).
class Ftrl : public UpdateRule, FtrlSettings {
public:
  explicit Ftrl(const FtrlSettings &settings) : FtrlSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    std::vector<Slot> group = slotsLike(variable, {"accumulator"}, initial).front();
    group.push_back({"linear", variable.shape});
    return {group};
  }

  void update(UpdateCall &call) const override {
    Tensor rate = call.learningRate, &sum = call.slots[0], &linear = call.slots[1];
    Tensor before = raise(sum);
    sum = sum + square(call.gradient);
    Tensor after = raise(sum);
    Tensor gradient = call.gradient;
    if (shrinkage != 0)
      gradient = gradient + (2 * shrinkage) * call.value;
    linear = linear + (gradient - (after - before) / rate * call.value);
    Tensor quadratic = after / rate + 2.0 * (l2 + beta / (2.0 * rate));
    call.value = (clip(linear, -l1, l1) - linear) / quadratic;
  }

private:
  Tensor raise(Tensor x) const { return exponent == 0.5 ? sqrt(x) : power(x, x.like(exponent)); }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const FtrlSettings &settings) {
  return std::make_unique<Ftrl>(settings);
}

} // namespace lamina::frontend::builder
