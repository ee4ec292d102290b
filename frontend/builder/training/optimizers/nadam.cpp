// keras.optimizers.Nadam: keras/src/optimizers/nadam.py (Dozat 2015)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// Adam with Nesterov momentum whose strength grows: u(t) = b1 (1 - 0.5 * 0.96^t),
/// m^ = u(t+1) m / (1 - prod u(1..t+1)) + (1 - u(t)) g / (1 - prod u(1..t)), v^ = v / (1 - b2^t),
/// w -= lr m^ / (sqrt(v^) + epsilon). With a `pace` other than 1 the strength grows with
/// 0.96^(pace t).
class Nadam : public UpdateRule, NadamSettings {
public:
  explicit Nadam(const NadamSettings &settings) : NadamSettings(settings) {
    beta1 = castCoefficient(beta1);
    beta2 = castCoefficient(beta2);
  }

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"momentum", "velocity"});
  }
  std::vector<Slot> getSharedSlots() const override { return {{"u_product", {}, 1.0}}; }

  void updateShared(Tensors &shared, Tensor step) const override {
    shared[0] = shared[0] * strength(step);
  }

  void update(UpdateCall &call) const override {
    Tensor u = strength(call.step), next = strength(call.step + 1.0);
    Tensor product = call.shared[0];
    Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
    Tensor v = call.slots[1] = moveTowards(call.slots[1], square(call.gradient), beta2);
    Tensor momentum =
        next * m / (1.0 - product * next) + (1.0 - u) * call.gradient / (1.0 - product);
    Tensor velocity = v / (1.0 - powerOf(beta2, call.step));
    call.value = call.value - (momentum * call.learningRate) / (sqrt(velocity) + epsilon);
  }

private:
  Tensor strength(Tensor step) const {
    return beta1 * (1.0 - 0.5 * powerOf(0.96, pace == 1 ? step : step * pace));
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const NadamSettings &settings) {
  return std::make_unique<Nadam>(settings);
}

} // namespace lamina::frontend::builder
