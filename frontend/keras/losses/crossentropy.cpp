// keras.losses.BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy:
// keras/src/losses/losses.py with the formulas of keras/src/backend/tensorflow/nn.py.
#include "frontend/keras/activations/functions.h"
#include "frontend/keras/layer.h"
#include "frontend/keras/losses/losses.h"
#include "frontend/keras/losses/probabilities.h"

using namespace mlir;

namespace lamina::frontend::keras {

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
class BinaryCrossentropy : public LossMeaning {
public:
  explicit BinaryCrossentropy(Config &config)
      : fromLogits(config.boolean("from_logits", false)),
        labelSmoothing(config.number("label_smoothing", 0)), axis(config.integer("axis", -1)) {}

  TargetType getTargetType(const Place &place, RankedTensorType prediction) const override {
    TargetType target = LossMeaning::getTargetType(place, prediction);
    target.isProbability = true;
    return target;
  }

  ElementValues compute(const Scores &scores) const override {
    Tensor target = smoothLabels(scores.target, labelSmoothing, 2);
    Tensor values = binaryCrossentropy(target, scores.prediction, chooseLogits(scores, fromLogits));
    return {mean(values, {normalizeAxis(scores.place, axis, target.rank())}), {}};
  }

private:
  bool fromLogits;
  double labelSmoothing;
  int64_t axis;
};

class CategoricalCrossentropy : public LossMeaning {
public:
  explicit CategoricalCrossentropy(Config &config)
      : fromLogits(config.boolean("from_logits", false)),
        labelSmoothing(config.number("label_smoothing", 0)), axis(config.integer("axis", -1)) {}

  ElementValues compute(const Scores &scores) const override {
    int64_t over = axisBesideRows(scores, axis);
    Tensor target = smoothLabels(scores.target, labelSmoothing, scores.target.shape().back());
    Tensor logits = chooseLogits(scores, fromLogits);
    return {categoricalCrossentropy(target, scores.prediction, logits, over), {}};
  }

private:
  bool fromLogits;
  double labelSmoothing;
  int64_t axis;
};

class SparseCategoricalCrossentropy : public LossMeaning {
public:
  explicit SparseCategoricalCrossentropy(Config &config)
      : fromLogits(config.boolean("from_logits", false)),
        ignoreClass(config.optionalInteger("ignore_class")), axis(config.integer("axis", -1)) {}

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
    if (ignoreClass)
      return computeIgnoring(scores);
    Tensor logits = chooseLogits(scores, fromLogits);
    return {sparseCategoricalCrossentropy(scores.target, scores.prediction, logits), {}};
  }

private:
  /// Keras blanks the predictions of ignored labels first, which also loses the known logits.
  ElementValues computeIgnoring(const Scores &scores) const {
    Tensor label = scores.target, ignored = label.like(static_cast<double>(*ignoreClass));
    Tensor isValid = compare(ir::ComparisonDirection::NE, label, ignored);
    Tensor prediction = scores.prediction;
    auto leading = llvm::to_vector(llvm::seq<int64_t>(0, label.rank()));
    prediction = where(isValid.broadcastInDim(prediction.shape(), leading), prediction, 0.0);
    Tensor values = sparseCategoricalCrossentropy(where(isValid, label, 0.0), prediction,
                                                  fromLogits ? prediction : Tensor());
    return {where(isValid, values, 0.0), isValid};
  }

  bool fromLogits;
  std::optional<int64_t> ignoreClass;
  int64_t axis;
};

} // namespace

const LossEntry binaryCrossentropyLoss = {
    {"BinaryCrossentropy", "binary_crossentropy", "bce", "BCE"}, createLoss<BinaryCrossentropy>};
const LossEntry categoricalCrossentropyLoss = {
    {"CategoricalCrossentropy", "categorical_crossentropy"}, createLoss<CategoricalCrossentropy>};
const LossEntry sparseCategoricalCrossentropyLoss = {
    {"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"},
    createLoss<SparseCategoricalCrossentropy>};

} // namespace lamina::frontend::keras
