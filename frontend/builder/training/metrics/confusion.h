#pragma once

#include "frontend/builder/training/metric.h"

/// Counts of right and wrong decisions at thresholds: keras/src/metrics/metrics_utils.py.
namespace lamina::frontend::builder {

/// i1: whether the prediction exceeds each threshold, these along a new last dimension.
Tensor isExceeded(const Thresholds &thresholds, Tensor prediction);

/// Which decisions are counted, and with which weights.
struct CountOptions {
  std::optional<int64_t> topK = std::nullopt;    ///< only the k largest can be positive
  std::optional<int64_t> classId = std::nullopt; ///< only this one of the last dimension
  bool isMultiLabel = false; ///< counts for every label (the last dimension) by itself
  std::vector<double> labelWeights = {};
};

/// Sums of weights over elements. `truePositives` and `falsePositives` have the thresholds as last
/// dimension; the actual positives and negatives have not. With isMultiLabel labels come first.
struct Counts {
  Tensor truePositives, falsePositives, positives, negatives;
};

Counts countDecisions(const Scores &scores, const Thresholds &thresholds,
                      const CountOptions &options = {});

/// `counts` without thresholds, less those at each threshold: what is left on the other side.
Tensor countsBelow(Tensor counts, Tensor atThresholds);

} // namespace lamina::frontend::builder
