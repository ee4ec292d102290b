#include "frontend/builder/training/metric.h"

#include "frontend/builder/training/metrics/metrics.h"

namespace lamina::frontend::builder {

std::unique_ptr<MetricFormula> createMetricFormula(const MetricFormulaSettings &settings) {
  return std::visit([](const auto &kind) { return createMetric(kind); }, settings);
}

Metric::Value Metric::compute(Tensor target, Tensor prediction, Tensor logits, Tensor weights,
                              Tensor mask) const {
  Scores scores{target, prediction, logits, place, weights, mask};
  if (Tensor value = formula->meanOverRows(scores))
    return {value, {}};
  Tensors sums = formula->accumulate(scores);
  return {formula->result(sums), sums};
}

} // namespace lamina::frontend::builder
