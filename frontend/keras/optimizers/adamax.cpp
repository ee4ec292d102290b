// keras.optimizers.Adamax: keras/src/optimizers/adamax.py (Kingma and Ba 2014, section 7.1)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// m += (g - m) (1 - b1), u = max(b2 u, |g|), w -= lr m / ((1 - b1^t) (u + epsilon)).
class Adamax : public OptimizerMeaning {
public:
  explicit Adamax(Config &config)
      : beta1(config.number("beta_1", 0.9)), beta2(config.number("beta_2", 0.999)),
        epsilon(config.number("epsilon", 1e-7)) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"momentum", "norm"});
  }

  void update(UpdateCall &call) const override {
    Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
    Tensor u = call.slots[1] = maximum(call.slots[1] * beta2, abs(call.gradient));
    Tensor scale = 1.0 - powerOf(beta1, call.step);
    call.value = call.value - (call.learningRate * m) / (scale * (u + epsilon));
  }

private:
  double beta1, beta2, epsilon;
};

} // namespace

const OptimizerEntry adamaxOptimizer = {
    {"Adamax", "adamax"}, 0.001, nlohmann::json::object(), createOptimizer<Adamax>};

} // namespace lamina::frontend::keras
