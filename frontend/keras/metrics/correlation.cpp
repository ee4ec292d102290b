// keras.metrics.PearsonCorrelation, ConcordanceCorrelation:
// keras/src/metrics/correlation_metrics.py
#include "frontend/keras/metrics/mean.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensor average(Tensor x, int64_t dimension) {
  return spread(mean(x, {dimension}), {dimension}, x);
}

Tensor variance(Tensor x, int64_t dimension) {
  return average(square(x - average(x, dimension)), dimension);
}

class PearsonCorrelation : public MeanAlongAxis {
public:
  using MeanAlongAxis::MeanAlongAxis;

protected:
  Tensor compare(Tensor target, Tensor prediction, int64_t dimension) const override {
    return mean(standardize(target, dimension) * standardize(prediction, dimension), {dimension});
  }

private:
  static Tensor standardize(Tensor x, int64_t dimension) {
    Tensor centered = x - average(x, dimension);
    return centered / sqrt(variance(centered, dimension));
  }
};

class ConcordanceCorrelation : public MeanAlongAxis {
public:
  using MeanAlongAxis::MeanAlongAxis;

protected:
  Tensor compare(Tensor target, Tensor prediction, int64_t dimension) const override {
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
