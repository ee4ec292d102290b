// keras.metrics.AUC: keras/src/metrics/confusion_metrics.py
#include "frontend/builder/training/metrics/confusion.h"
#include "frontend/builder/training/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

using Curve = AucSettings::Curve;
using Summation = AucSettings::Summation;

/// Along the thresholds, the last dimension: all but the last, all but the first.
Tensor lower(Tensor x) {
  int64_t last = x.rank() - 1;
  return x.slice(last, 0, x.dim(last) - 1);
}
Tensor upper(Tensor x) {
  int64_t last = x.rank() - 1;
  return x.slice(last, 1, x.dim(last));
}

/// Sums over batches with their last dimension for the thresholds, those of every label first.
struct Rates {
  Tensor truePositives, falsePositives, falseNegatives, trueNegatives;
};

/// Interpolates true positives linearly between thresholds, not precision (Davis and Goadrich, The
/// Relationship Between Precision-Recall and ROC Curves, ICML 2006).
Tensor interpolatePrArea(const Rates &r) {
  Tensor gained = lower(r.truePositives) - upper(r.truePositives);
  Tensor p = r.truePositives + r.falsePositives;
  Tensor low = lower(p), high = upper(p);
  Tensor slope = divideNoNan(gained, maximum(low - high, 0));
  Tensor intercept = upper(r.truePositives) - slope * high;
  Tensor hasBoth = logicalAnd(low > 0, high > 0);
  Tensor ratio = where(hasBoth, divideNoNan(low, maximum(high, 0)), 1.0);
  Tensor actual = maximum(upper(r.truePositives + r.falseNegatives), 0);
  return sum(divideNoNan(slope * (gained + intercept * log(ratio)), actual), {-1});
}

struct Points {
  Tensor x, y;
};

Points pointsOf(Curve curve, const Rates &r) {
  Tensor actual = r.truePositives + r.falseNegatives, others = r.falsePositives + r.trueNegatives;
  Tensor recall = divideNoNan(r.truePositives, actual);
  if (curve == Curve::Roc)
    return {divideNoNan(r.falsePositives, others), recall};
  if (curve == Curve::Pr)
    return {recall, divideNoNan(r.truePositives, r.truePositives + r.falsePositives)};
  // Precision-recall-gain (Flach and Kull, NIPS 2015).
  Tensor scale = divideNoNan(actual, others);
  Tensor isNone = equal(r.truePositives, r.truePositives.like(0));
  Tensor recallGain = 1.0 - scale * divideNoNan(r.falseNegatives, r.truePositives);
  Tensor precisionGain = 1.0 - scale * divideNoNan(r.falsePositives, r.truePositives);
  return {maximum(where(isNone, recallGain.like(0), recallGain), 0),
          where(isNone, precisionGain.like(1), precisionGain)};
}

Tensor heightsOf(Summation summation, Tensor y) {
  if (summation == Summation::Interpolation)
    return (lower(y) + upper(y)) / 2.0;
  return summation == Summation::Minoring ? minimum(lower(y), upper(y))
                                          : maximum(lower(y), upper(y));
}

class Auc : public MetricFormula, AucSettings {
public:
  explicit Auc(const AucSettings &settings) : AucSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    Scores probabilities = scores;
    if (isOfLogits)
      probabilities.prediction = sigmoid(scores.prediction);
    Counts counts = countDecisions(probabilities, thresholds,
                                   {.isMultiLabel = isMultiLabel, .labelWeights = labelWeights});
    return {counts.truePositives, counts.falsePositives, counts.positives, counts.negatives};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Rates rates{sums[0], sums[1], countsBelow(sums[2], sums[0]), countsBelow(sums[3], sums[1])};
    bool isInterpolatedPr = curve == Curve::Pr && summation == Summation::Interpolation;
    return averageLabels(isInterpolatedPr ? interpolatePrArea(rates) : sumArea(rates));
  }

private:
  Tensor sumArea(const Rates &rates) const {
    Points points = pointsOf(curve, rates);
    return sum((lower(points.x) - upper(points.x)) * heightsOf(summation, points.y), {-1});
  }

  Tensor averageLabels(Tensor areas) const {
    if (!isMultiLabel || labelWeights.empty())
      return meanAll(areas);
    auto count = static_cast<int64_t>(labelWeights.size());
    Tensor weights = areas.emit().constant(labelWeights, {count}).convert(areas.elementType());
    return divideNoNan(sumAll(areas * weights), sumAll(weights));
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const AucSettings &settings) {
  return std::make_unique<Auc>(settings);
}

} // namespace lamina::frontend::builder
