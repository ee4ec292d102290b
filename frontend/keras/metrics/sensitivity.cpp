// keras.metrics.SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall,
// RecallAtPrecision: keras/src/metrics/confusion_metrics.py
#include "frontend/keras/metrics/confusion.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
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

using Rate = Tensor (*)(const Rates &);

Thresholds readThresholds(Config &config) {
  int64_t count = config.integer("num_thresholds", 200);
  if (count < 1 || count > 100000)
    config.fail(fmt::format("'num_thresholds' must be from 1 to 100000, not {}", count));
  if (count == 1)
    return Thresholds({0.5}, false);
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  return Thresholds(std::move(values), true);
}

/// The largest rate among the thresholds at which another is at least a given value.
class RateAtRate : public MetricMeaning {
public:
  RateAtRate(Config &config, Rate wanted, Rate constrained, const char *key)
      : wanted(wanted), constrained(constrained), least(config.number(key, -1)),
        thresholds(readThresholds(config)) {
    if (!(least >= 0 && least <= 1))
      config.fail(fmt::format("'{}' must be in [0, 1]", key));
    options.classId = config.optionalInteger("class_id");
  }

  Tensors accumulate(const Scores &scores) const override {
    Counts counts = countDecisions(scores, thresholds, options);
    return {counts.truePositives, counts.falsePositives, counts.positives, counts.negatives};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Rates rates{sums[0], sums[1], countsBelow(sums[2], sums[0]), countsBelow(sums[3], sums[1])};
    return maximum(max(where(constrained(rates) >= least, wanted(rates), 0.0), {0}), 0);
  }

private:
  Rate wanted, constrained;
  double least;
  Thresholds thresholds;
  CountOptions options;
};

constexpr const char kSpecificity[] = "specificity", kSensitivity[] = "sensitivity",
                     kRecall[] = "recall", kPrecision[] = "precision";

template <Rate wanted, Rate constrained, const char *key>
std::unique_ptr<MetricMeaning> createRateAtRate(Config &config) {
  return std::make_unique<RateAtRate>(config, wanted, constrained, key);
}

} // namespace

const MetricEntry sensitivityAtSpecificityMetric = {
    {"SensitivityAtSpecificity", "sensitivity_at_specificity"},
    createRateAtRate<sensitivity, specificity, kSpecificity>};
const MetricEntry specificityAtSensitivityMetric = {
    {"SpecificityAtSensitivity", "specificity_at_sensitivity"},
    createRateAtRate<specificity, sensitivity, kSensitivity>};
const MetricEntry precisionAtRecallMetric = {{"PrecisionAtRecall", "precision_at_recall"},
                                             createRateAtRate<precision, sensitivity, kRecall>};
const MetricEntry recallAtPrecisionMetric = {{"RecallAtPrecision", "recall_at_precision"},
                                             createRateAtRate<sensitivity, precision, kPrecision>};

} // namespace lamina::frontend::keras
