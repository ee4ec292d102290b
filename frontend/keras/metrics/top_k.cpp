// keras.metrics.TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy:
// keras/src/metrics/accuracy_metrics.py
#include "frontend/keras/metrics/top_k.h"

#include "frontend/keras/metrics/mean.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {

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

class TopK : public MeanMetric {
public:
  explicit TopK(Config &config) : k(config.integer("k", 5)) {}

protected:
  int64_t k;
};

class TopKCategoricalAccuracy : public TopK {
public:
  using TopK::TopK;
  Tensor compute(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    return isInTopK(argmax(scores.target, -1), scores.prediction, k).toFloat();
  }
};

class SparseTopKCategoricalAccuracy : public TopK {
public:
  using TopK::TopK;
  Tensor compute(const Scores &scores) const override {
    return isInTopK(classIndices(scores), scores.prediction, k).toFloat();
  }
};

} // namespace

const MetricEntry topKCategoricalAccuracyMetric = {
    {"TopKCategoricalAccuracy", "top_k_categorical_accuracy"},
    createMetric<TopKCategoricalAccuracy>};
const MetricEntry sparseTopKCategoricalAccuracyMetric = {
    {"SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"},
    createMetric<SparseTopKCategoricalAccuracy>};

} // namespace lamina::frontend::keras
