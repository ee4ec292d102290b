// keras.metrics.Precision, Recall, TruePositives, FalsePositives, TrueNegatives, FalseNegatives:
// keras/src/metrics/confusion_metrics.py
#include "frontend/builder/training/metrics/confusion.h"
#include "frontend/builder/training/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// The value at an only threshold is a scalar.
Tensor withoutSingleThreshold(Tensor x) {
  return x.dim(0) == 1 ? x.reshape({}) : x;
}

/// Part of the true positives in something that is counted too.
class Ratio : public MetricFormula, DecisionSettings {
public:
  explicit Ratio(const DecisionSettings &settings) : DecisionSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    Counts counts = countDecisions(scores, thresholds, {topK, classId});
    return {counts.truePositives, chooseOthers(counts)};
  }
  Tensor result(ArrayRef<Tensor> sums) const override {
    return withoutSingleThreshold(divideNoNan(sums[0], sums[0] + sums[1]));
  }

protected:
  virtual Tensor chooseOthers(const Counts &counts) const = 0;
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

class DecisionCount : public MetricFormula, DecisionCountSettings {
public:
  explicit DecisionCount(const DecisionCountSettings &settings) : DecisionCountSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    return {choose(countDecisions(scores, thresholds))};
  }
  Tensor result(ArrayRef<Tensor> sums) const override { return withoutSingleThreshold(sums[0]); }

private:
  Tensor choose(const Counts &counts) const {
    switch (kind) {
    case Kind::TruePositives:
      return counts.truePositives;
    case Kind::FalsePositives:
      return counts.falsePositives;
    case Kind::TrueNegatives:
      return countsBelow(counts.negatives, counts.falsePositives);
    case Kind::FalseNegatives:
      return countsBelow(counts.positives, counts.truePositives);
    }
    llvm_unreachable("every kind is handled");
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const PrecisionSettings &settings) {
  return std::make_unique<Precision>(settings);
}
std::unique_ptr<MetricFormula> createMetric(const RecallSettings &settings) {
  return std::make_unique<Recall>(settings);
}
std::unique_ptr<MetricFormula> createMetric(const DecisionCountSettings &settings) {
  return std::make_unique<DecisionCount>(settings);
}

} // namespace lamina::frontend::builder
