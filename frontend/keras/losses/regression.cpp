// keras.losses.MeanSquaredError, MeanAbsoluteError: keras/src/losses/losses.py
#include "frontend/keras/losses/losses.h"

namespace lamina::frontend::keras {
namespace {

Tensor squaredError(Tensor target, Tensor prediction) {
  return square(target - prediction);
}
Tensor absoluteError(Tensor target, Tensor prediction) {
  return abs(target - prediction);
}

/// The mean over the last axis of an elementwise error.
template <Tensor (*error)(Tensor, Tensor)> class MeanError : public LossMeaning {
public:
  explicit MeanError(Config &) {}
  ElementValues compute(const Scores &scores) const override {
    return {mean(error(scores.target, scores.prediction), {-1}), {}};
  }
};

} // namespace

const LossEntry meanSquaredErrorLoss = {{"MeanSquaredError", "mean_squared_error", "mse", "MSE"},
                                        createLoss<MeanError<squaredError>>};
const LossEntry meanAbsoluteErrorLoss = {{"MeanAbsoluteError", "mean_absolute_error", "mae", "MAE"},
                                         createLoss<MeanError<absoluteError>>};

} // namespace lamina::frontend::keras
