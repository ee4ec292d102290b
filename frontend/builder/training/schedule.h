#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "frontend/builder/tensor.h"

/// Learning rates that depend on the number of updates done, t
/// (keras/src/optimizers/schedules/learning_rate_schedule.py has the formulas).
namespace lamina::frontend::builder {

/// initial rate^(t / steps); with `isStaircase` the exponent is rounded down.
struct ExponentialDecay {
  double initial = 0, steps = 1, rate = 1;
  bool isStaircase = false;
};

/// initial / (1 + rate t / steps); with `isStaircase` the fraction is rounded down.
struct InverseTimeDecay {
  double initial = 0, steps = 1, rate = 1;
  bool isStaircase = false;
};

/// (initial - end) (1 - t / steps)^exponent + end until `steps`, then `end`; with `isCycle` the
/// steps are multiplied whenever they are over.
struct PolynomialDecay {
  double initial = 0, end = 0.0001, steps = 1, exponent = 1;
  bool isCycle = false;
};

/// Half a cosine from `initial` to alpha times it; with a target, `warmupSteps` of linear growth
/// from `initial` to the target come first.
struct CosineDecay {
  double initial = 0, alpha = 0, steps = 1, warmupSteps = 0;
  std::optional<double> warmupTarget = std::nullopt;
};

/// Half a cosine again and again: each takes `growth` times the steps of the one before and begins
/// at `fall` times its rate.
struct CosineDecayRestarts {
  double initial = 0, alpha = 0, firstSteps = 1, growth = 2, fall = 1;
};

/// values[i] up to and with boundaries[i], the last value (one more than boundaries) after the last
/// boundary.
struct PiecewiseConstantDecay {
  std::vector<double> boundaries = {}, values = {0};
};

using Schedule = std::variant<ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay,
                              CosineDecayRestarts, PiecewiseConstantDecay>;

/// The learning rate at `iteration`, the number of updates done, an f32 scalar.
Tensor scheduledLearningRate(const Schedule &schedule, Tensor iteration);

} // namespace lamina::frontend::builder
