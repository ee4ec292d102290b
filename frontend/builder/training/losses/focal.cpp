// keras.losses.BinaryFocalCrossentropy, CategoricalFocalCrossentropy,
// CategoricalGeneralizedCrossEntropy: keras/src/losses/losses.py (Lin et al. 2018; Zhang and
// Sabuncu 2018)
#include "frontend/builder/functions.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/losses/losses.h"
#include "frontend/builder/training/losses/probabilities.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

Tensor raise(Tensor x, double exponent) {
  return exponent == 2 ? square(x) : power(x, x.like(exponent));
}

/// (1 - p_t)^gamma cross-entropy, p_t the probability of the target; the mean over one axis.
class BinaryFocalCrossentropy : public LossFormula, BinaryFocalCrossentropySettings {
public:
  explicit BinaryFocalCrossentropy(const BinaryFocalCrossentropySettings &settings)
      : BinaryFocalCrossentropySettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    Tensor z = smoothLabels(scores.target, labelSmoothing, 2);
    Tensor p = isOfLogits ? sigmoid(scores.prediction) : scores.prediction;
    Tensor crossentropy = binaryCrossentropy(z, p, chooseLogits(scores, isOfLogits));
    Tensor ofTarget = z * p + (1.0 - z) * (1.0 - p);
    Tensor values = raise(1.0 - ofTarget, gamma) * crossentropy;
    if (isBalanced)
      values = (z * alpha + (1.0 - z) * (1 - alpha)) * values;
    return {mean(values, {normalizeAxis(scores.place, axis, z.rank())}), {}};
  }
};

/// sum(alpha (1 - p)^gamma z (-log p)) over the classes; probabilities are scaled to sum to 1.
class CategoricalFocalCrossentropy : public LossFormula, CategoricalFocalCrossentropySettings {
public:
  explicit CategoricalFocalCrossentropy(const CategoricalFocalCrossentropySettings &settings)
      : CategoricalFocalCrossentropySettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    int64_t over = axisBesideRows(scores, axis);
    Tensor z = smoothLabels(scores.target, labelSmoothing, scores.target.shape().back());
    Tensor p = scores.prediction;
    if (isOfLogits)
      p = softmax(p, {over});
    p = clipProbability(p / spread(sum(p, {over}), {over}, p));
    Tensor weight = raise(1.0 - p, gamma) * classWeights(scores);
    return {sum(weight * (-z * log(p)), {over}), {}};
  }

private:
  /// One weight, or one for each class along the last axis.
  Tensor classWeights(const Scores &scores) const {
    Tensor p = scores.prediction;
    if (alphaShape.empty())
      return p.like(alpha[0]);
    if (alphaShape.size() != 1 || (alphaShape[0] != 1 && alphaShape[0] != p.dim(p.rank() - 1)))
      scores.place.fail(fmt::format("'alpha' must be a number or one for each of the {} classes",
                                    p.dim(p.rank() - 1)));
    return p.emit().constant(alpha, alphaShape);
  }
};

/// (1 - p^q) / q, p the probability of the target's class.
class GeneralizedCrossentropy : public LossFormula, GeneralizedCrossentropySettings {
public:
  explicit GeneralizedCrossentropy(const GeneralizedCrossentropySettings &settings)
      : GeneralizedCrossentropySettings(settings) {}

  TargetType getTargetType(const Place &place, RankedTensorType prediction) const override {
    LossFormula::getTargetType(place, prediction);
    return {ElementType::I32, prediction.getShape().drop_back().vec(),
            prediction.getShape().back()};
  }

  ElementValues compute(const Scores &scores) const override {
    Tensor p = scores.prediction;
    Tensor isTarget = isLabel(scores.target, p.dim(p.rank() - 1));
    p = sum(where(isTarget, p, 0.0), {-1});
    return {(1.0 - power(p, p.like(q))) / q, {}};
  }
};

} // namespace

std::unique_ptr<LossFormula> createFormula(const BinaryFocalCrossentropySettings &settings) {
  return std::make_unique<BinaryFocalCrossentropy>(settings);
}

std::unique_ptr<LossFormula> createFormula(const CategoricalFocalCrossentropySettings &settings) {
  return std::make_unique<CategoricalFocalCrossentropy>(settings);
}

std::unique_ptr<LossFormula> createFormula(const GeneralizedCrossentropySettings &settings) {
  return std::make_unique<GeneralizedCrossentropy>(settings);
}

} // namespace lamina::frontend::builder
