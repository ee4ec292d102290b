// keras.optimizers.Lion: keras/src/optimizers/lion.py (Chen et al. 2023)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// w -= lr sign(b1 m + (1 - b1) g), m = b2 m + (1 - b2) g.
class Lion : public OptimizerMeaning {
public:
  explicit Lion(Config &config)
      : beta1(castCoefficient(config.number("beta_1", 0.9))),
        beta2(castCoefficient(config.number("beta_2", 0.99))) {
    if (!(beta1 > 0 && beta1 <= 1))
      config.fail(fmt::format("'beta_1' must be above 0 and at most 1, not {}", beta1));
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

private:
  double beta1, beta2;
};

} // namespace

const OptimizerEntry lionOptimizer = {
    {"Lion", "lion"}, 0.001, nlohmann::json::object(), createOptimizer<Lion>};

} // namespace lamina::frontend::keras
