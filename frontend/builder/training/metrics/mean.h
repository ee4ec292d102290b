#pragma once

#include "frontend/builder/training/metric.h"

namespace lamina::frontend::builder {

/// A metric that is the mean of values of single elements (keras.metrics.MeanMetricWrapper): sums
/// are their total and count.
class MeanMetric : public MetricFormula {
public:
  Tensors accumulate(const Scores &scores) const override;
  Tensor result(llvm::ArrayRef<Tensor> sums) const override;
  Tensor meanOverRows(const Scores &scores) const override;

protected:
  /// One number per element, rows first.
  virtual Tensor compute(const Scores &scores) const = 0;
  /// The samples' weights, those of steps that do not count 0; null where all count the same.
  virtual Tensor weigh(const Scores &scores) const;
};

/// The mean of what compares targets and predictions along one dimension, at each of the other
/// positions.
class MeanAlongAxis : public MeanMetric {
public:
  explicit MeanAlongAxis(int64_t axis) : axis(axis) {}

protected:
  Tensor compute(const Scores &scores) const override;
  /// The result has all dimensions but `dimension`.
  virtual Tensor compare(Tensor target, Tensor prediction, int64_t dimension) const = 0;

private:
  int64_t axis;
};

} // namespace lamina::frontend::builder
