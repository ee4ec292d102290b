// Losses as metrics.
#include <fmt/format.h>

#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/mean.h"
#include "frontend/builder/training/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// Refuses targets that another loss takes in another form.
void needTargetsOf(const Scores &scores, const TargetType &expected) {
  if (expected.shape != scores.target.shape().vec())
    scores.place.fail(fmt::format("needs targets of shape {}, but the loss takes targets of "
                                  "shape {}",
                                  describeShape(ArrayRef<int64_t>(expected.shape)),
                                  describeShape(scores.target.shape())));
}

class MeanLoss : public MeanMetric {
public:
  explicit MeanLoss(const LossFormulaSettings &settings) : loss(createLossFormula(settings)) {}

protected:
  Tensor compute(const Scores &scores) const override {
    needTargetsOf(scores, loss->getTargetType(scores.place, scores.prediction.type()));
    return loss->compute(scores).values;
  }

private:
  std::unique_ptr<LossFormula> loss;
};

class ReducedLoss : public MetricFormula {
public:
  explicit ReducedLoss(Loss loss) : loss(std::move(loss)) {}

  Tensors accumulate(const Scores &scores) const override {
    needTargetsOf(scores, loss.getTargetType(scores.prediction.type()));
    if (scores.weights)
      scores.place.fail("gives one number for a batch and cannot be weighted; use the metric class "
                        "of this loss");
    if (scores.mask)
      scores.place.fail("gives one number for a batch and cannot leave out the steps that the "
                        "output's mask leaves out; use the metric class of this loss");
    Tensor value =
        loss.reduce(loss.compute(scores.target, scores.prediction, scores.logits, {}), {});
    Tensor count = loss.isReduced() ? value.like(1) : value.emit().rows();
    return {value * count, count};
  }
  Tensor result(ArrayRef<Tensor> sums) const override { return divideNoNan(sums[0], sums[1]); }

private:
  Loss loss;
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const MeanLossSettings &settings) {
  return std::make_unique<MeanLoss>(settings.loss);
}

std::unique_ptr<MetricFormula> createMetricFormula(Loss loss) {
  return std::make_unique<ReducedLoss>(std::move(loss));
}

} // namespace lamina::frontend::builder
