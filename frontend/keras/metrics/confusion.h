#pragma once

#include "frontend/keras/training/metric.h"

/// Counts of right and wrong decisions at thresholds: keras/src/metrics/metrics_utils.py.
namespace lamina::frontend::keras {

/// The thresholds above which a prediction counts as positive.
class Thresholds {
public:
  /// Values as they are given, spaced evenly over [0, 1] or not.
  explicit Thresholds(std::vector<double> values);
  /// `isEven`: evenly spaced over [0, 1], but for the first and last, which may lie just outside.
  Thresholds(std::vector<double> values, bool isEven) : values(std::move(values)), isEven(isEven) {}
  /// Reads "thresholds": a number or a list of numbers in [0, 1]; `fallback` when absent.
  static Thresholds read(Config &config, double fallback);

  int64_t size() const { return static_cast<int64_t>(values.size()); }
  /// i1, with the thresholds along a new last dimension.
  Tensor isExceeded(Tensor prediction) const;

private:
  std::vector<double> values;
  bool isEven; ///< then predictions are sorted into buckets, as in Keras
};

/// Whether these numbers are i / (count - 1) for i = 0, 1, …, as far as Keras looks.
bool areEvenlySpaced(llvm::ArrayRef<double> values);

/// What is counted, and how.
struct CountOptions {
  std::optional<int64_t> topK;    ///< only the k largest predictions can be positive
  std::optional<int64_t> classId; ///< only this one of the last dimension
  bool isMultiLabel = false;      ///< counts for every label (the last dimension) by itself
  std::vector<double> labelWeights;

  /// Reads "top_k" and "class_id".
  static CountOptions read(Config &config);
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

} // namespace lamina::frontend::keras
