// keras.metrics.RootMeanSquaredError, R2Score, CosineSimilarity:
// keras/src/metrics/regression_metrics.py
#include "frontend/keras/metrics/mean.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

class RootMeanSquaredError : public MeanMetric {
public:
  explicit RootMeanSquaredError(Config &) {}
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

class CosineSimilarity : public MeanAlongAxis {
public:
  using MeanAlongAxis::MeanAlongAxis;

protected:
  Tensor compare(Tensor target, Tensor prediction, int64_t dimension) const override {
    return sum(normalize(target, dimension) * normalize(prediction, dimension), {dimension});
  }

private:
  /// keras.utils.normalize
  static Tensor normalize(Tensor x, int64_t dimension) {
    Tensor squares = maximum(sum(square(x), {dimension}), 1e-14);
    return x * spread(rsqrt(squares), {dimension}, x);
  }
};

/// The coefficient of determination of every output dimension, averaged or not.
class R2Score : public MetricMeaning {
public:
  explicit R2Score(Config &config)
      : // In a serialized metric null stands for no aggregation; a bare name has no settings.
        aggregation(config.text("class_aggregation", config.has("num_regressors") ? "" : kUniform)),
        regressors(config.integer("num_regressors", 0)) {
    if (!llvm::is_contained({"", kUniform, kWeighted}, aggregation))
      config.fail(fmt::format("'class_aggregation' must be {}, {} or null, not '{}'", kUniform,
                              kWeighted, printable(aggregation)));
    if (regressors < 0)
      config.fail(fmt::format("'num_regressors' must not be negative, got {}", regressors));
  }

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
  static constexpr const char *kUniform = "uniform_average",
                              *kWeighted = "variance_weighted_average";

  Tensor aggregate(Tensor scores, Tensor total) const {
    if (aggregation == kUniform)
      return meanAll(scores);
    return aggregation == kWeighted ? sumAll(total * scores) / sumAll(total) : scores;
  }

  /// Counts the model's parameters against it where there are more samples than those.
  Tensor adjust(Tensor score, Tensor samples) const {
    if (regressors == 0)
      return score;
    auto count = static_cast<double>(regressors);
    Tensor adjusted = 1.0 - (1.0 - score) * (samples - 1.0) / (samples - count - 1.0);
    return where(samples - 1.0 > count, adjusted, score);
  }

  std::string aggregation; ///< empty for none
  int64_t regressors;
};

} // namespace

const MetricEntry rootMeanSquaredErrorMetric = {{"RootMeanSquaredError", "root_mean_squared_error"},
                                                createMetric<RootMeanSquaredError>};
const MetricEntry cosineSimilarityMetric = {{"CosineSimilarity", "cosine_similarity"},
                                            createMetric<CosineSimilarity>};
const MetricEntry r2ScoreMetric = {{"R2Score", "r2_score"}, createMetric<R2Score>};

} // namespace lamina::frontend::keras
