#pragma once

#include "frontend/builder/training/constraint.h"
#include "frontend/builder/training/metric.h"
#include "frontend/keras/config/config.h"

/// Losses, metrics and constraints of a user's own, as programs that were traced.
namespace lamina::frontend::keras {

inline constexpr char kTracedLossClass[] = "lamina>Loss";
inline constexpr char kTracedConstraintClass[] = "lamina>Constraint";
inline constexpr char kTracedMetricClass[] = "lamina>Metric";

/// {"program": a function of targets and predictions that gives the values}. The loss's targets
/// have the type that the program declares.
std::unique_ptr<LossFormula> readTracedLoss(Config &config);

/// {"update": a function of targets, predictions and, as a third input, weights of samples, that
/// gives what a batch adds to each of the metric's sums; "result": the metric's value from these}.
std::unique_ptr<MetricFormula> readTracedMetric(const nlohmann::json &config, const Place &place);

/// "program": the weight that takes the place of its input.
Constraint readTracedConstraint(const nlohmann::json &object, const Place &place);

} // namespace lamina::frontend::keras
