// keras.metrics.CosineSimilarity, PearsonCorrelation, ConcordanceCorrelation:
// keras/src/metrics/regression_metrics.py, correlation_metrics.py
#include "frontend/builder/training/metrics/mean.h"
#include "frontend/builder/training/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

Tensor average(Tensor x, int64_t dimension) {
  return spread(mean(x, {dimension}), {dimension}, x);
}

Tensor variance(Tensor x, int64_t dimension) {
  return average(square(x - average(x, dimension)), dimension);
}

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

std::unique_ptr<MetricFormula> createMetric(const MeanAlongAxisSettings &settings) {
  using Comparison = MeanAlongAxisSettings::Comparison;
  switch (settings.comparison) {
  case Comparison::CosineSimilarity:
    return std::make_unique<CosineSimilarity>(settings.axis);
  case Comparison::PearsonCorrelation:
    return std::make_unique<PearsonCorrelation>(settings.axis);
  case Comparison::ConcordanceCorrelation:
    return std::make_unique<ConcordanceCorrelation>(settings.axis);
  }
  llvm_unreachable("every comparison is handled");
}

} // namespace lamina::frontend::builder
