// keras.optimizers.Adagrad: keras/src/optimizers/adagrad.py (Duchi et al. 2011)
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// a += g^2, w -= lr g / sqrt(a + epsilon); legacy: w -= lr g / (sqrt(a) + epsilon).
class Adagrad : public OptimizerMeaning {
public:
  explicit Adagrad(Config &config, bool isLegacy = false)
      : isLegacy(isLegacy), initial(config.number("initial_accumulator_value", 0.1)),
        epsilon(config.number("epsilon", 1e-7)) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return slotsLike(variable, {"accumulator"}, initial);
  }

  void update(UpdateCall &call) const override {
    Tensor &sum = call.slots[0];
    sum = sum + square(call.gradient);
    Tensor root = isLegacy ? sqrt(sum) + epsilon : sqrt(sum + epsilon);
    call.value = call.value - (call.learningRate * call.gradient) / root;
  }

private:
  bool isLegacy;
  double initial, epsilon;
};

/// keras.optimizers.legacy.Adagrad (Keras 2).
class LegacyAdagrad : public Adagrad {
public:
  explicit LegacyAdagrad(Config &config) : Adagrad(config, true) {}
};

} // namespace

const OptimizerEntry adagradOptimizer = {
    {"Adagrad", "adagrad"}, 0.001, nlohmann::json::object(), createOptimizer<Adagrad>};
const OptimizerEntry legacyAdagradOptimizer = {
    {"Adagrad", "adagrad"}, 0.001, nlohmann::json::object(), createOptimizer<LegacyAdagrad>};

} // namespace lamina::frontend::keras
