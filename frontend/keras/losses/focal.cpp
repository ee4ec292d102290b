// keras.losses.BinaryFocalCrossentropy, CategoricalFocalCrossentropy,
// CategoricalGeneralizedCrossEntropy: keras/src/losses/losses.py (Lin et al. 2018; Zhang and
// Sabuncu 2018)
#include "frontend/keras/activations/functions.h"
#include "frontend/keras/layer.h"
#include "frontend/keras/losses/losses.h"
#include "frontend/keras/losses/probabilities.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensor raise(Tensor x, double exponent) {
  return exponent == 2 ? square(x) : power(x, x.like(exponent));
}

/// What both focal losses are configured with.
struct FocalSettings {
  explicit FocalSettings(Config &config)
      : fromLogits(config.boolean("from_logits", false)),
        labelSmoothing(config.number("label_smoothing", 0)), gamma(config.number("gamma", 2)),
        axis(config.integer("axis", -1)) {}

  bool fromLogits;
  double labelSmoothing, gamma;
  int64_t axis;
};

/// (1 - p_t)^gamma cross-entropy, p_t the probability of the target; the mean over one axis.
class BinaryFocalCrossentropy : public LossMeaning {
public:
  explicit BinaryFocalCrossentropy(Config &config)
      : settings(config), alpha(config.number("alpha", 0.25)),
        isBalanced(config.boolean("apply_class_balancing", false)) {}

  ElementValues compute(const Scores &scores) const override {
    Tensor z = smoothLabels(scores.target, settings.labelSmoothing, 2);
    Tensor p = settings.fromLogits ? sigmoid(scores.prediction) : scores.prediction;
    Tensor crossentropy = binaryCrossentropy(z, p, chooseLogits(scores, settings.fromLogits));
    Tensor ofTarget = z * p + (1.0 - z) * (1.0 - p);
    Tensor values = raise(1.0 - ofTarget, settings.gamma) * crossentropy;
    if (isBalanced)
      values = (z * alpha + (1.0 - z) * (1 - alpha)) * values;
    return {mean(values, {normalizeAxis(scores.place, settings.axis, z.rank())}), {}};
  }

private:
  FocalSettings settings;
  double alpha;
  bool isBalanced;
};

/// sum(alpha (1 - p)^gamma z (-log p)) over the classes; probabilities are scaled to sum to 1.
class CategoricalFocalCrossentropy : public LossMeaning {
public:
  explicit CategoricalFocalCrossentropy(Config &config)
      : settings(config), alpha(config.numbers("alpha", 0.25)) {}

  ElementValues compute(const Scores &scores) const override {
    int64_t over = axisBesideRows(scores, settings.axis);
    Tensor z = smoothLabels(scores.target, settings.labelSmoothing, scores.target.shape().back());
    Tensor p = scores.prediction;
    if (settings.fromLogits)
      p = softmax(p, {over});
    p = clipProbability(p / spread(sum(p, {over}), {over}, p));
    Tensor weight = raise(1.0 - p, settings.gamma) * classWeights(scores);
    return {sum(weight * (-z * log(p)), {over}), {}};
  }

private:
  /// One weight, or one for each class along the last axis.
  Tensor classWeights(const Scores &scores) const {
    Tensor p = scores.prediction;
    if (alpha.shape.empty())
      return p.like(alpha.values[0]);
    if (alpha.shape.size() != 1 || (alpha.shape[0] != 1 && alpha.shape[0] != p.dim(p.rank() - 1)))
      scores.place.fail(fmt::format("'alpha' must be a number or one for each of the {} classes",
                                    p.dim(p.rank() - 1)));
    return p.emit().constant(alpha.values, alpha.shape);
  }

  FocalSettings settings;
  Config::Numbers alpha;
};

/// (1 - p^q) / q, p the probability of the target's class.
class GeneralizedCrossentropy : public LossMeaning {
public:
  explicit GeneralizedCrossentropy(Config &config) : q(config.number("q", 0.5)) {
    if (!(q > 0 && q < 1))
      config.fail(fmt::format("'q' must be between 0 and 1, not {}", q));
  }

  TargetType getTargetType(const Place &place, RankedTensorType prediction) const override {
    LossMeaning::getTargetType(place, prediction);
    return {ElementType::I32, prediction.getShape().drop_back().vec(),
            prediction.getShape().back()};
  }

  ElementValues compute(const Scores &scores) const override {
    Tensor p = scores.prediction;
    Tensor isTarget = isLabel(scores.target, p.dim(p.rank() - 1));
    p = sum(where(isTarget, p, 0.0), {-1});
    return {(1.0 - power(p, p.like(q))) / q, {}};
  }

private:
  double q;
};

} // namespace

const LossEntry binaryFocalCrossentropyLoss = {
    {"BinaryFocalCrossentropy", "binary_focal_crossentropy"}, createLoss<BinaryFocalCrossentropy>};
const LossEntry categoricalFocalCrossentropyLoss = {
    {"CategoricalFocalCrossentropy", "categorical_focal_crossentropy"},
    createLoss<CategoricalFocalCrossentropy>};
const LossEntry categoricalGeneralizedCrossEntropyLoss = {
    {"CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy"},
    createLoss<GeneralizedCrossentropy>};

} // namespace lamina::frontend::keras
