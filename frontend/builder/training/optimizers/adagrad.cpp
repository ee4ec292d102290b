// keras.optimizers.Adagrad: keras/src/optimizers/adagrad.py (Duchi et al. 2011)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// a += g^2, w -= lr g / sqrt(a + epsilon); where it `addsToRoot`: w -= lr g / (sqrt(a) + epsilon).
class Adagrad : public UpdateRule, AdagradSettings {
public:
  explicit Adagrad(const AdagradSettings &settings) : AdagradSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"accumulator"}, initial);
  }

  void update(UpdateCall &call) const override {
    Tensor &sum = call.slots[0];
    sum = sum + square(call.gradient);
    Tensor root = addsToRoot ? sqrt(sum) + epsilon : sqrt(sum + epsilon);
    call.value = call.value - (call.learningRate * call.gradient) / root;
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const AdagradSettings &settings) {
  return std::make_unique<Adagrad>(settings);
}

} // namespace lamina::frontend::builder
