// keras.metrics.PearsonCorrelation, ConcordanceCorrelation:
// keras/src/metrics/correlation_metrics.py
#include "frontend/keras/metrics/mean.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// A correlation along one axis of targets and predictions, for each of the other positions.
class Correlation : public MeanMetric {
public:
  explicit Correlation(Config &config) : axis(config.integer("axis", -1)) {}

protected:
  Tensor compute(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    int64_t dimension = normalizeAxis(scores.place, axis, scores.prediction.rank());
    if (dimension == 0)
      scores.place.fail("'axis' must not be the rows");
    return correlate(scores.target, scores.prediction, dimension);
  }
  virtual Tensor correlate(Tensor target, Tensor prediction, int64_t dimension) const = 0;

  static Tensor average(Tensor x, int64_t dimension) {
    return spread(mean(x, {dimension}), {dimension}, x);
  }
  static Tensor variance(Tensor x, int64_t dimension) {
    return average(square(x - average(x, dimension)), dimension);
  }

private:
  int64_t axis;
};

class PearsonCorrelation : public Correlation {
public:
  using Correlation::Correlation;

protected:
  Tensor correlate(Tensor target, Tensor prediction, int64_t dimension) const override {
    return mean(standardize(target, dimension) * standardize(prediction, dimension), {dimension});
  }

private:
  static Tensor standardize(Tensor x, int64_t dimension) {
    Tensor centered = x - average(x, dimension);
    return centered / sqrt(variance(centered, dimension));
  }
};

class ConcordanceCorrelation : public Correlation {
public:
  using Correlation::Correlation;

protected:
  Tensor correlate(Tensor target, Tensor prediction, int64_t dimension) const override {
    Tensor targetMean = average(target, dimension);
    Tensor predictionMean = average(prediction, dimension);
    // As Keras has it, the target is compared with the mean of the prediction.
    Tensor covariance = (target - predictionMean) * (prediction - predictionMean);
    Tensor norm = variance(target - targetMean, dimension) +
                  variance(prediction - predictionMean, dimension) +
                  square(targetMean - predictionMean);
    return mean(2.0 * covariance / (norm + 1e-7), {dimension});
  }
};

} // namespace

const MetricEntry pearsonCorrelationMetric = {{"PearsonCorrelation", "pearson_correlation"},
                                              createMetric<PearsonCorrelation>};
const MetricEntry concordanceCorrelationMetric = {
    {"ConcordanceCorrelation", "concordance_correlation"}, createMetric<ConcordanceCorrelation>};

} // namespace lamina::frontend::keras
