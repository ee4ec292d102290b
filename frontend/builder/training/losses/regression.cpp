// keras.losses.MeanSquaredError, MeanAbsoluteError, MeanAbsolutePercentageError,
// MeanSquaredLogarithmicError, Huber, LogCosh, Poisson, KLDivergence, Hinge, SquaredHinge,
// CategoricalHinge: keras/src/losses/losses.py
#include <numbers>

#include "frontend/builder/functions.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/losses/losses.h"
#include "frontend/builder/training/losses/probabilities.h"
#include "support/error.h"

namespace lamina::frontend::builder {
namespace {

/// A loss without settings that is a formula over target and prediction.
template <Tensor (*formula)(Tensor, Tensor)> class Formula : public LossFormula {
public:
  ElementValues compute(const Scores &scores) const override {
    return {formula(scores.target, scores.prediction), {}};
  }
};

Tensor squaredError(Tensor target, Tensor prediction) {
  return mean(square(target - prediction), {-1});
}
Tensor absoluteError(Tensor target, Tensor prediction) {
  return mean(abs(target - prediction), {-1});
}
Tensor absolutePercentageError(Tensor target, Tensor prediction) {
  Tensor share = (target - prediction) / maximum(abs(target), kEpsilon);
  return 100.0 * mean(abs(share), {-1});
}
Tensor squaredLogarithmicError(Tensor target, Tensor prediction) {
  auto logarithm = [](Tensor x) { return log(maximum(x, kEpsilon) + 1.0); };
  return mean(square(logarithm(prediction) - logarithm(target)), {-1});
}

/// log(cosh(e)) = e + log(1 + exp(-2 e)) - log(2)
Tensor logCosh(Tensor target, Tensor prediction) {
  Tensor error = prediction - target;
  return mean(error + softplus(error * -2.0) - std::numbers::ln2, {-1});
}

Tensor poisson(Tensor target, Tensor prediction) {
  return mean(prediction - target * log(prediction + kEpsilon), {-1});
}

Tensor divergence(Tensor target, Tensor prediction) {
  Tensor z = clip(target, kEpsilon, 1), p = clip(prediction, kEpsilon, 1);
  return sum(z * log(z / p), {-1});
}

/// Targets of a batch in which all are 0 or 1 become -1 or 1.
Tensor signedTarget(Tensor target) {
  Tensor isBit = logicalOr(equal(target, target.like(0)), equal(target, target.like(1)));
  Tensor others = sumAll(where(isBit, target.like(0), target.like(1)));
  return where(equal(others, others.like(0)), 2.0 * target - 1.0, target);
}

Tensor shortfall(Tensor target, Tensor prediction) {
  return maximum(1.0 - signedTarget(target) * prediction, 0.0);
}
Tensor hinge(Tensor target, Tensor prediction) {
  return mean(shortfall(target, prediction), {-1});
}
Tensor squaredHinge(Tensor target, Tensor prediction) {
  return mean(square(shortfall(target, prediction)), {-1});
}
Tensor categoricalHinge(Tensor target, Tensor prediction) {
  Tensor positive = sum(target * prediction, {-1});
  Tensor negative = max((1.0 - target) * prediction, {-1});
  return maximum(negative - positive + 1.0, 0.0);
}

/// e^2 / 2 up to |e| = delta, then delta |e| - delta^2 / 2.
class Huber : public LossFormula, HuberSettings {
public:
  explicit Huber(const HuberSettings &settings) : HuberSettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    Tensor error = scores.prediction - scores.target, magnitude = abs(error);
    Tensor values =
        where(magnitude <= delta, 0.5 * square(error), delta * magnitude - 0.5 * delta * delta);
    return {mean(values, {-1}), {}};
  }
};

} // namespace

std::unique_ptr<LossFormula> createFormula(PlainLoss loss) {
  switch (loss) {
  case PlainLoss::MeanSquaredError:
    return std::make_unique<Formula<squaredError>>();
  case PlainLoss::MeanAbsoluteError:
    return std::make_unique<Formula<absoluteError>>();
  case PlainLoss::MeanAbsolutePercentageError:
    return std::make_unique<Formula<absolutePercentageError>>();
  case PlainLoss::MeanSquaredLogarithmicError:
    return std::make_unique<Formula<squaredLogarithmicError>>();
  case PlainLoss::LogCosh:
    return std::make_unique<Formula<logCosh>>();
  case PlainLoss::Poisson:
    return std::make_unique<Formula<poisson>>();
  case PlainLoss::KLDivergence:
    return std::make_unique<Formula<divergence>>();
  case PlainLoss::Hinge:
    return std::make_unique<Formula<hinge>>();
  case PlainLoss::SquaredHinge:
    return std::make_unique<Formula<squaredHinge>>();
  case PlainLoss::CategoricalHinge:
    return std::make_unique<Formula<categoricalHinge>>();
  }
  llvm_unreachable("unknown loss");
}

std::unique_ptr<LossFormula> createFormula(const HuberSettings &settings) {
  return std::make_unique<Huber>(settings);
}

} // namespace lamina::frontend::builder
