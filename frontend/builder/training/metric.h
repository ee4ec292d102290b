#pragma once

#include "frontend/builder/training/loss.h"
#include "frontend/builder/training/metric_settings.h"

namespace lamina::frontend::builder {

/// A metric as sums over batches (Keras' variables of a metric) and a formula over them.
class MetricFormula {
public:
  virtual ~MetricFormula() = default;
  /// What a batch adds to the sums (Keras: `update_state`): f32, without rows.
  virtual Tensors accumulate(const Scores &scores) const = 0;
  /// The metric's value from such sums (Keras: `result`): a scalar or a vector of their element
  /// type.
  virtual Tensor result(llvm::ArrayRef<Tensor> sums) const = 0;
  /// The batch's value where the metric of several batches is the mean of theirs weighted by rows,
  /// so that no sums are needed; null elsewhere.
  virtual Tensor meanOverRows(const Scores &) const { return {}; }
};

std::unique_ptr<MetricFormula> createMetricFormula(const MetricFormulaSettings &settings);
/// A loss with its reduction as a metric: each batch gives one number and counts once; without a
/// reduction every row counts.
std::unique_ptr<MetricFormula> createMetricFormula(Loss loss);

/// A metric with its name in logs.
class Metric {
public:
  /// `place` is for messages.
  Metric(Place place, std::string name, std::unique_ptr<MetricFormula> formula)
      : place(std::move(place)), name(std::move(name)), formula(std::move(formula)) {}

  /// What a metric says about a batch.
  struct Value {
    Tensor value; ///< of the batch alone: a scalar or a vector
    Tensors sums; ///< empty when the value's mean over rows is the metric
  };

  const std::string &getName() const { return name; }
  /// `weights` are null for a metric that is not weighted, `mask` where all steps count.
  Value compute(Tensor target, Tensor prediction, Tensor logits, Tensor weights, Tensor mask) const;
  Tensor result(llvm::ArrayRef<Tensor> sums) const { return formula->result(sums); }

private:
  Place place;
  std::string name;
  std::unique_ptr<MetricFormula> formula;
};

} // namespace lamina::frontend::builder
