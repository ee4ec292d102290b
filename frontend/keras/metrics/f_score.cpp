// keras.metrics.FBetaScore, F1Score: keras/src/metrics/f_score_metrics.py
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The weighted harmonic mean of precision and recall, for every class or averaged.
class FBetaScore : public MetricMeaning {
public:
  FBetaScore(Config &config, double beta)
      : average(config.text("average", "")), beta(beta),
        threshold(config.optionalNumber("threshold")) {
    if (!llvm::is_contained({"", "micro", "macro", "weighted"}, average))
      config.fail(fmt::format("'average' must be micro, macro, weighted or null, not '{}'",
                              printable(average)));
    if (!(beta > 0))
      config.fail(fmt::format("'beta' must be positive, not {}", beta));
    if (threshold && !(*threshold > 0 && *threshold <= 1))
      config.fail(fmt::format("'threshold' must be above 0 and at most 1, not {}", *threshold));
  }

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
    if (average == "weighted")
      return sumAll(score * (sums[3] / (sumAll(sums[3]) + kEpsilon)));
    return average.empty() ? score : meanAll(score);
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
    return average == "micro" ? sumAll(values) : sum(values, {0});
  }

  std::string average; ///< empty for none
  double beta;
  std::optional<double> threshold;
};

std::unique_ptr<MetricMeaning> createFBetaScore(Config &config) {
  return std::make_unique<FBetaScore>(config, config.number("beta", 1));
}
std::unique_ptr<MetricMeaning> createF1Score(Config &config) {
  return std::make_unique<FBetaScore>(config, 1);
}

} // namespace

const MetricEntry fBetaScoreMetric = {{"FBetaScore", "f_beta_score"}, createFBetaScore};
const MetricEntry f1ScoreMetric = {{"F1Score", "f1_score"}, createF1Score};

} // namespace lamina::frontend::keras
