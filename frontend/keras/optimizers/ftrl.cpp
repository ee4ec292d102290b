// keras.optimizers.Ftrl: keras/src/optimizers/ftrl.py (McMahan et al. 2013; shrinkage as in
// TensorFlow's operation)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// With p = -learning_rate_power: a' = a + g^2,
/// l += g + 2 shrinkage w - (a'^p - a^p) / lr w,
/// w = (clip(l, -l1, l1) - l) / (a'^p / lr + 2 l2 + beta / lr).
class Ftrl : public OptimizerMeaning {
public:
  explicit Ftrl(Config &config)
      : exponent(-config.number("learning_rate_power", -0.5)),
        initial(config.number("initial_accumulator_value", 0.1)),
        l1(config.number("l1_regularization_strength", 0)),
        l2(config.number("l2_regularization_strength", 0)),
        shrinkage(config.number("l2_shrinkage_regularization_strength", 0)),
        beta(config.number("beta", 0)) {
    if (exponent < 0)
      config.fail(fmt::format("'learning_rate_power' must not be positive, not {}", -exponent));
    if (initial < 0 || l1 < 0 || l2 < 0 || shrinkage < 0)
      config.fail("the initial accumulator and the regularization strengths must not be negative");
  }

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

  double exponent, initial, l1, l2, shrinkage, beta;
};

} // namespace

const OptimizerEntry ftrlOptimizer = {
    {"Ftrl", "ftrl"}, 0.001, nlohmann::json::object(), createOptimizer<Ftrl>};

} // namespace lamina::frontend::keras
