// keras.metrics.SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall,
// RecallAtPrecision: keras/src/metrics/confusion_metrics.py
#include "frontend/builder/training/metrics/confusion.h"
#include "frontend/builder/training/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// Sums over batches, the thresholds along the last dimension.
struct Rates {
  Tensor truePositives, falsePositives, falseNegatives, trueNegatives;
};

Tensor sensitivity(const Rates &r) { // and recall
  return divideNoNan(r.truePositives, r.truePositives + r.falseNegatives);
}
Tensor specificity(const Rates &r) {
  return divideNoNan(r.trueNegatives, r.trueNegatives + r.falsePositives);
}
Tensor precision(const Rates &r) {
  return divideNoNan(r.truePositives, r.truePositives + r.falsePositives);
}

Tensor rateOf(RateAtRateSettings::Rate rate, const Rates &rates) {
  switch (rate) {
  case RateAtRateSettings::Rate::Sensitivity:
    return sensitivity(rates);
  case RateAtRateSettings::Rate::Specificity:
    return specificity(rates);
  case RateAtRateSettings::Rate::Precision:
    return precision(rates);
  }
  llvm_unreachable("every rate is handled");
}

class RateAtRate : public MetricFormula, RateAtRateSettings {
public:
  explicit RateAtRate(const RateAtRateSettings &settings) : RateAtRateSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    Counts counts = countDecisions(scores, thresholds, {.classId = classId});
    return {counts.truePositives, counts.falsePositives, counts.positives, counts.negatives};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Rates rates{sums[0], sums[1], countsBelow(sums[2], sums[0]), countsBelow(sums[3], sums[1])};
    return maximum(max(where(rateOf(constrained, rates) >= least, rateOf(wanted, rates), 0.0), {0}),
                   0);
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const RateAtRateSettings &settings) {
  return std::make_unique<RateAtRate>(settings);
}

} // namespace lamina::frontend::builder
