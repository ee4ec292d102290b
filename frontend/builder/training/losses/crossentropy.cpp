// keras.losses.BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy:
// keras/src/losses/losses.py with the formulas of keras/src/backend/tensorflow/nn.py.
#include "frontend/builder/functions.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/losses/losses.h"
#include "frontend/builder/training/losses/probabilities.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {

Tensor binaryCrossentropy(Tensor target, Tensor prediction, Tensor x) {
  if (x) {
    Tensor magnitude = abs(x);
    return 0.5 * (x + magnitude) - x * target + log1p(exp(-magnitude));
  }
  Tensor p = clipProbability(prediction);
  return -(target * log(p) + (1.0 - target) * log(1.0 - p));
}

Tensor categoricalCrossentropy(Tensor target, Tensor prediction, Tensor x, int64_t axis) {
  if (x)
    return sum(target * -logSoftmax(x, {axis}), {axis});
  Tensor p = clipProbability(prediction / spread(sum(prediction, {axis}), {axis}, prediction));
  return -sum(target * log(p), {axis});
}

Tensor sparseCategoricalCrossentropy(Tensor label, Tensor prediction, Tensor x) {
  if (!x)
    x = log(clipProbability(prediction));
  int64_t last = x.rank() - 1;
  Tensor isTarget = isLabel(label, x.dim(last));
  Tensor difference = x - spread(stopGradient(max(x, {last})), {last}, x);
  return log(sum(exp(difference), {last})) - sum(where(isTarget, difference, 0.0), {last});
}

namespace {

/// The mean over one axis.
class BinaryCrossentropy : public LossFormula, BinaryCrossentropySettings {
public:
  explicit BinaryCrossentropy(const BinaryCrossentropySettings &settings)
      : BinaryCrossentropySettings(settings) {}

  TargetType getTargetType(const Place &place, RankedTensorType prediction) const override {
    TargetType target = LossFormula::getTargetType(place, prediction);
    target.isProbability = true;
    return target;
  }

  ElementValues compute(const Scores &scores) const override {
    Tensor target = smoothLabels(scores.target, labelSmoothing, 2);
    Tensor values = binaryCrossentropy(target, scores.prediction, chooseLogits(scores, isOfLogits));
    return {mean(values, {normalizeAxis(scores.place, axis, target.rank())}), {}};
  }
};

class CategoricalCrossentropy : public LossFormula, CategoricalCrossentropySettings {
public:
  explicit CategoricalCrossentropy(const CategoricalCrossentropySettings &settings)
      : CategoricalCrossentropySettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    int64_t over = axisBesideRows(scores, axis);
    Tensor target = smoothLabels(scores.target, labelSmoothing, scores.target.shape().back());
    Tensor logits = chooseLogits(scores, isOfLogits);
    return {categoricalCrossentropy(target, scores.prediction, logits, over), {}};
  }
};

class SparseCategoricalCrossentropy : public LossFormula, SparseCategoricalCrossentropySettings {
public:
  explicit SparseCategoricalCrossentropy(const SparseCategoricalCrossentropySettings &settings)
      : SparseCategoricalCrossentropySettings(settings) {}

  TargetType getTargetType(const Place &place, RankedTensorType prediction) const override {
    int64_t rank = prediction.getRank();
    if (rank < 2 || (axis != -1 && axis != rank - 1))
      place.fail(fmt::format("needs the classes along the last of at least two dimensions, got a "
                             "prediction of shape {} and axis {}",
                             describeShape(prediction.getShape()), axis));
    TargetType target{ElementType::I32, prediction.getShape().drop_back().vec(),
                      prediction.getShape().back()};
    return target;
  }

  ElementValues compute(const Scores &scores) const override {
    if (ignoredClass)
      return computeIgnoring(scores);
    Tensor logits = chooseLogits(scores, isOfLogits);
    return {sparseCategoricalCrossentropy(scores.target, scores.prediction, logits), {}};
  }

private:
  /// Keras blanks the predictions of ignored labels first, which also loses the known logits.
  ElementValues computeIgnoring(const Scores &scores) const {
    Tensor label = scores.target, ignored = label.like(static_cast<double>(*ignoredClass));
    Tensor isValid = compare(ir::ComparisonDirection::NE, label, ignored);
    Tensor prediction = scores.prediction;
    auto leading = llvm::to_vector(llvm::seq<int64_t>(0, label.rank()));
    prediction = where(isValid.broadcastInDim(prediction.shape(), leading), prediction, 0.0);
    Tensor values = sparseCategoricalCrossentropy(where(isValid, label, 0.0), prediction,
                                                  isOfLogits ? prediction : Tensor());
    return {where(isValid, values, 0.0), isValid};
  }
};

} // namespace

std::unique_ptr<LossFormula> createFormula(const BinaryCrossentropySettings &settings) {
  return std::make_unique<BinaryCrossentropy>(settings);
}

std::unique_ptr<LossFormula> createFormula(const CategoricalCrossentropySettings &settings) {
  return std::make_unique<CategoricalCrossentropy>(settings);
}

std::unique_ptr<LossFormula> createFormula(const SparseCategoricalCrossentropySettings &settings) {
  return std::make_unique<SparseCategoricalCrossentropy>(settings);
}

} // namespace lamina::frontend::builder
