// keras.metrics.Precision, Recall, TruePositives, FalsePositives, TrueNegatives, FalseNegatives:
// keras/src/metrics/confusion_metrics.py
#include "frontend/keras/metrics/confusion.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The value at an only threshold is a scalar.
Tensor withoutSingleThreshold(Tensor x) {
  return x.dim(0) == 1 ? x.reshape({}) : x;
}

/// Part of the true positives in something that is counted too.
class Ratio : public MetricMeaning {
public:
  explicit Ratio(Config &config)
      : options(CountOptions::read(config)),
        thresholds(Thresholds::read(config, options.topK ? -1e10 : 0.5)) {}

  Tensors accumulate(const Scores &scores) const override {
    Counts counts = countDecisions(scores, thresholds, options);
    return {counts.truePositives, chooseOthers(counts)};
  }
  Tensor result(ArrayRef<Tensor> sums) const override {
    return withoutSingleThreshold(divideNoNan(sums[0], sums[0] + sums[1]));
  }

protected:
  virtual Tensor chooseOthers(const Counts &counts) const = 0;

private:
  CountOptions options;
  Thresholds thresholds;
};

class Precision : public Ratio {
public:
  using Ratio::Ratio;

protected:
  Tensor chooseOthers(const Counts &counts) const override { return counts.falsePositives; }
};

class Recall : public Ratio {
public:
  using Ratio::Ratio;

protected:
  Tensor chooseOthers(const Counts &counts) const override {
    return countsBelow(counts.positives, counts.truePositives);
  }
};

Tensor truePositives(const Counts &counts) {
  return counts.truePositives;
}
Tensor falsePositives(const Counts &counts) {
  return counts.falsePositives;
}
Tensor trueNegatives(const Counts &counts) {
  return countsBelow(counts.negatives, counts.falsePositives);
}
Tensor falseNegatives(const Counts &counts) {
  return countsBelow(counts.positives, counts.truePositives);
}

template <Tensor (*choose)(const Counts &)> class Count : public MetricMeaning {
public:
  explicit Count(Config &config) : thresholds(Thresholds::read(config, 0.5)) {}
  Tensors accumulate(const Scores &scores) const override {
    return {choose(countDecisions(scores, thresholds))};
  }
  Tensor result(ArrayRef<Tensor> sums) const override { return withoutSingleThreshold(sums[0]); }

private:
  Thresholds thresholds;
};

} // namespace

const MetricEntry precisionMetric = {{"Precision", "precision"}, createMetric<Precision>};
const MetricEntry recallMetric = {{"Recall", "recall"}, createMetric<Recall>};
const MetricEntry truePositivesMetric = {{"TruePositives", "true_positives"},
                                         createMetric<Count<truePositives>>};
const MetricEntry falsePositivesMetric = {{"FalsePositives", "false_positives"},
                                          createMetric<Count<falsePositives>>};
const MetricEntry trueNegativesMetric = {{"TrueNegatives", "true_negatives"},
                                         createMetric<Count<trueNegatives>>};
const MetricEntry falseNegativesMetric = {{"FalseNegatives", "false_negatives"},
                                          createMetric<Count<falseNegatives>>};

} // namespace lamina::frontend::keras
