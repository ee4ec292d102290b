// keras.optimizers.Adam, AdamW: keras/src/optimizers/adam.py, adamw.py (Kingma and Ba 2014; amsgrad
// after Reddi et al. 2018; AdamW after Loshchilov and Hutter 2019)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// m += (g - m) (1 - b1), v += (g^2 - v) (1 - b2),
/// w -= m alpha / (sqrt(v) + epsilon) with alpha = lr sqrt(1 - b2^t) / (1 - b1^t).
class Adam : public OptimizerMeaning {
public:
  explicit Adam(Config &config)
      : beta1(config.number("beta_1", 0.9)), beta2(config.number("beta_2", 0.999)),
        epsilon(config.number("epsilon", 1e-7)), amsgrad(config.boolean("amsgrad", false)) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    SlotGroups groups = slotsLike(variable, {"momentum", "velocity"});
    if (amsgrad)
      groups.push_back(slotsLike(variable, {"velocity_hat"}).front());
    return groups;
  }

  void update(UpdateCall &call) const override {
    Tensor alpha = call.learningRate * sqrt(1.0 - powerOf(beta2, call.step)) /
                   (1.0 - powerOf(beta1, call.step));
    Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
    Tensor v = call.slots[1] = moveTowards(call.slots[1], square(call.gradient), beta2);
    if (amsgrad)
      call.slots[2] = v = maximum(call.slots[2], v);
    call.value = call.value - (m * alpha) / (sqrt(v) + epsilon);
  }

private:
  double beta1, beta2, epsilon;
  bool amsgrad;
};

} // namespace

const OptimizerEntry adamOptimizer = {
    {"Adam", "adam"}, 0.001, nlohmann::json::object(), createOptimizer<Adam>};
const OptimizerEntry adamWOptimizer = {
    {"AdamW", "adamw"}, 0.001, {{"weight_decay", 0.004}}, createOptimizer<Adam>};

} // namespace lamina::frontend::keras
