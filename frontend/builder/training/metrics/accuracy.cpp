// keras.metrics.Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy:
// keras/src/metrics/accuracy_metrics.py
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/mean.h"
#include "frontend/builder/training/metrics/metrics.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {

void needTargetsLikePrediction(const Scores &scores) {
  if (scores.target.shape() != scores.prediction.shape())
    scores.place.fail(fmt::format("needs targets of the prediction's shape {}, but the loss takes "
                                  "targets of shape {}",
                                  describeShape(scores.prediction.shape()),
                                  describeShape(scores.target.shape())));
}

Tensor classIndices(const Scores &scores) {
  Tensor target = scores.target;
  if (target.rank() == scores.prediction.rank() && target.dim(target.rank() - 1) == 1)
    target = target.reshape(target.shape().drop_back());
  ArrayRef<int64_t> expected = scores.prediction.shape().drop_back();
  if (target.shape() != expected)
    scores.place.fail(fmt::format("needs class indices of shape {}, but the loss takes targets of "
                                  "shape {}",
                                  describeShape(expected), describeShape(scores.target.shape())));
  return target;
}

namespace {

class Accuracy : public MeanMetric {
public:
  Tensor compute(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    return equal(scores.target, scores.prediction).toFloat();
  }
};

class BinaryAccuracy : public MeanMetric {
public:
  explicit BinaryAccuracy(double threshold) : threshold(threshold) {}
  Tensor compute(const Scores &scores) const override {
    Tensor target = scores.target;
    if (target.rank() + 1 == scores.prediction.rank() && scores.prediction.dim(target.rank()) == 1)
      target = target.reshape(scores.prediction.shape());
    needTargetsLikePrediction({target, scores.prediction, {}, scores.place});
    Tensor isOne = (scores.prediction > threshold).convert(target.elementType());
    return equal(target, isOne).toFloat();
  }

private:
  double threshold;
};

class CategoricalAccuracy : public MeanMetric {
public:
  Tensor compute(const Scores &scores) const override {
    needTargetsLikePrediction(scores);
    return equal(argmax(scores.target, -1), argmax(scores.prediction, -1)).toFloat();
  }
};

class SparseCategoricalAccuracy : public MeanMetric {
public:
  Tensor compute(const Scores &scores) const override {
    Tensor target = classIndices(scores), best = argmax(scores.prediction, -1);
    return equal(target, best.convert(target.elementType())).toFloat();
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const AccuracySettings &settings) {
  switch (settings.kind) {
  case AccuracySettings::Kind::Equality:
    return std::make_unique<Accuracy>();
  case AccuracySettings::Kind::Categorical:
    return std::make_unique<CategoricalAccuracy>();
  case AccuracySettings::Kind::SparseCategorical:
    return std::make_unique<SparseCategoricalAccuracy>();
  }
  llvm_unreachable("every kind is handled");
}

std::unique_ptr<MetricFormula> createMetric(const BinaryAccuracySettings &settings) {
  return std::make_unique<BinaryAccuracy>(settings.threshold);
}

} // namespace lamina::frontend::builder
