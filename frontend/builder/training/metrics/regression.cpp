// keras.metrics.RootMeanSquaredError, R2Score: keras/src/metrics/regression_metrics.py
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/mean.h"
#include "frontend/builder/training/metrics/metrics.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

class RootMeanSquaredError : public MeanMetric {
public:
  Tensor result(ArrayRef<Tensor> sums) const override { return sqrt(MeanMetric::result(sums)); }
  Tensor meanOverRows(const Scores &) const override { return {}; }

protected:
  Tensor compute(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    return square(scores.prediction - scores.target);
  }
  /// It derives from Keras' Mean, not from MeanMetricWrapper, which knows masks.
  Tensor weigh(const Scores &scores) const override { return scores.weights; }
};

class R2Score : public MetricFormula, R2ScoreSettings {
public:
  explicit R2Score(const R2ScoreSettings &settings) : R2ScoreSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    Tensor target = scores.target, weights = scores.weights;
    if (target.rank() != 2)
      scores.place.fail(
          fmt::format("needs a prediction of rank 2, got shape {}", describeShape(target.shape())));
    Tensor weight = weights ? weights.rank() == 1 ? spread(weights, {1}, target) : weights
                            : target.like(1).broadcastTo(target.shape());
    Tensor error = target - scores.prediction;
    Tensor elements = target.emit().rows() * static_cast<double>(target.dim(1));
    return {sum(target * weight, {0}), sum(target * (target * weight), {0}),
            sum(square(error) * weight, {0}), sum(weight, {0}), elements};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Tensor total = sums[1] - sums[0] * (sums[0] / sums[3]);
    Tensor ratio = sums[2] / total;
    Tensor isInfinite = logicalAnd(equal(total, total.like(0)),
                                   compare(ir::ComparisonDirection::NE, sums[2], total.like(0)));
    Tensor scores = where(isInfinite, ratio.like(0), 1.0 - ratio);
    return adjust(aggregate(scores, total), sums[4]);
  }

private:
  Tensor aggregate(Tensor scores, Tensor total) const {
    if (average == Average::Uniform)
      return meanAll(scores);
    return average == Average::WeightedByVariance ? sumAll(total * scores) / sumAll(total) : scores;
  }

  /// Counts the model's parameters against it where there are more samples than those.
  Tensor adjust(Tensor score, Tensor samples) const {
    if (regressors == 0)
      return score;
    auto count = static_cast<double>(regressors);
    Tensor adjusted = 1.0 - (1.0 - score) * (samples - 1.0) / (samples - count - 1.0);
    return where(samples - 1.0 > count, adjusted, score);
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const RootMeanSquaredErrorSettings &) {
  return std::make_unique<RootMeanSquaredError>();
}

std::unique_ptr<MetricFormula> createMetric(const R2ScoreSettings &settings) {
  return std::make_unique<R2Score>(settings);
}

} // namespace lamina::frontend::builder
