// keras.optimizers.SGD: keras/src/optimizers/sgd.py
#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// m = momentum m - lr g; then w += m, or with Nesterov momentum w += momentum m - lr g.
class SGD : public OptimizerMeaning {
public:
  explicit SGD(Config &config)
      : momentum(config.number("momentum", 0)), nesterov(config.boolean("nesterov", false)) {
    if (!(momentum >= 0 && momentum <= 1))
      config.fail(fmt::format("'momentum' must be between 0 and 1, not {}", momentum));
  }

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return momentum == 0 ? SlotGroups() : slotsLike(variable, {"momentum"});
  }

  void update(UpdateCall &call) const override {
    Tensor step = call.gradient * call.learningRate;
    if (momentum == 0) {
      call.value = call.value - step;
      return;
    }
    Tensor velocity = call.slots[0] * momentum - step;
    call.slots[0] = velocity;
    call.value = call.value + (nesterov ? velocity * momentum - step : velocity);
  }

private:
  double momentum;
  bool nesterov;
};

} // namespace

const OptimizerEntry sgdOptimizer = {
    {"SGD", "sgd"}, 0.01, nlohmann::json::object(), createOptimizer<SGD>};

} // namespace lamina::frontend::keras
