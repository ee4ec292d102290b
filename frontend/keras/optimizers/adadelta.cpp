// keras.optimizers.Adadelta: keras/src/optimizers/adadelta.py (Zeiler 2012)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// a = rho a + (1 - rho) g^2, s = -sqrt(d + epsilon) g / sqrt(a + epsilon),
/// d = rho d + (1 - rho) s^2, w += lr s.
class Adadelta : public OptimizerMeaning {
public:
  explicit Adadelta(Config &config)
      : rho(config.number("rho", 0.95)), epsilon(config.number("epsilon", 1e-7)) {}

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

private:
  double rho, epsilon;
};

} // namespace

const OptimizerEntry adadeltaOptimizer = {
    {"Adadelta", "adadelta"}, 0.001, nlohmann::json::object(), createOptimizer<Adadelta>};

} // namespace lamina::frontend::keras
