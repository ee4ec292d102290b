// keras.metrics.TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy:
// keras/src/metrics/accuracy_metrics.py
#include "frontend/builder/training/metrics/top_k.h"

#include "frontend/builder/training/metrics/mean.h"
#include "frontend/builder/training/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::builder {

Tensor isInTopK(Tensor classes, Tensor prediction, int64_t k) {
  int64_t last = prediction.rank() - 1;
  Tensor chosen = sum(where(isLabel(classes, prediction.dim(last)), prediction, 0.0), {last});
  Tensor larger =
      compare(ir::ComparisonDirection::GT, prediction, spread(chosen, {last}, prediction));
  Tensor isAmong = sum(larger.toFloat(), {last}) < static_cast<double>(k);
  Tensor zero = sum(prediction - prediction, {last}); // NaN where one is not finite
  return logicalAnd(isAmong, equal(zero, zero.like(0)));
}

namespace {

class TopKAccuracy : public MeanMetric, TopKAccuracySettings {
public:
  explicit TopKAccuracy(const TopKAccuracySettings &settings) : TopKAccuracySettings(settings) {}

protected:
  Tensor compute(const Scores &scores) const override {
    if (isOfClassIndices)
      return isInTopK(classIndices(scores), scores.prediction, k).toFloat();
    needTargetsLikePrediction(scores);
    return isInTopK(argmax(scores.target, -1), scores.prediction, k).toFloat();
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const TopKAccuracySettings &settings) {
  return std::make_unique<TopKAccuracy>(settings);
}

} // namespace lamina::frontend::builder
