// keras.metrics.FBetaScore, F1Score: keras/src/metrics/f_score_metrics.py
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/metrics.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// The weighted harmonic mean of precision and recall, for every class or averaged.
class FBetaScore : public MetricFormula, FBetaScoreSettings {
public:
  explicit FBetaScore(const FBetaScoreSettings &settings) : FBetaScoreSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    if (scores.prediction.rank() != 2)
      scores.place.fail(fmt::format("needs a prediction of rank 2, got shape {}",
                                    describeShape(scores.prediction.shape())));
    Tensor target = scores.target, decided = decide(scores.prediction);
    return {count(decided * target, scores), count(decided * (1.0 - target), scores),
            count((1.0 - decided) * target, scores), count(target, scores)};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Tensor precision = sums[0] / (sums[0] + sums[1] + kEpsilon);
    Tensor recall = sums[0] / (sums[0] + sums[2] + kEpsilon);
    double squared = beta * beta;
    Tensor score = precision * recall / (squared * precision + recall + kEpsilon) * (1 + squared);
    if (average == Average::Weighted)
      return sumAll(score * (sums[3] / (sumAll(sums[3]) + kEpsilon)));
    return average == Average::None ? score : meanAll(score);
  }

private:
  /// 1 for the largest of a row, or for all above the threshold.
  Tensor decide(Tensor x) const {
    if (threshold)
      return (x > *threshold).toFloat();
    Tensor isLargest = compare(ir::ComparisonDirection::GE, x, spread(max(x, {1}), {1}, x));
    return logicalAnd(isLargest, abs(x) > 1e-9).toFloat();
  }

  /// Summed over rows, and over classes for the micro average.
  Tensor count(Tensor values, const Scores &scores) const {
    if (Tensor weights = scores.weights) {
      if (weights.rank() != 1)
        scores.place.fail(fmt::format("needs one weight a row, got weights of shape {}",
                                      describeShape(weights.shape())));
      values = values * spread(weights, {1}, values);
    }
    return average == Average::Micro ? sumAll(values) : sum(values, {0});
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const FBetaScoreSettings &settings) {
  return std::make_unique<FBetaScore>(settings);
}

} // namespace lamina::frontend::builder
