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

  std::vector<std::vector<std::string>> getSlotGroups() const override {
    std::vector<std::vector<std::string>> groups = {{"momentum", "velocity"}};
    if (amsgrad)
      groups.push_back({"velocity_hat"});
    return groups;
  }

  void update(UpdateCall &call) const override {
    Tensor power1 = power(call.step.like(beta1), call.step);
    Tensor power2 = power(call.step.like(beta2), call.step);
    Tensor alpha = call.learningRate * sqrt(1.0 - power2) / (1.0 - power1);
    Tensor m = call.slots[0], v = call.slots[1];
    m = m + (call.gradient - m) * (1 - beta1);
    v = v + (square(call.gradient) - v) * (1 - beta2);
    call.slots[0] = m;
    call.slots[1] = v;
    if (amsgrad)
      call.slots[2] = v = maximum(call.slots[2], v);
    call.value = call.value - (m * alpha) / (sqrt(v) + epsilon);
  }

private:
  double beta1, beta2, epsilon;
  bool amsgrad;
};

} // namespace

const OptimizerEntry adamOptimizer = {{"Adam", "adam"}, 0.001, std::nullopt, createOptimizer<Adam>};
const OptimizerEntry adamWOptimizer = {{"AdamW", "adamw"}, 0.001, 0.004, createOptimizer<Adam>};

} // namespace lamina::frontend::keras
