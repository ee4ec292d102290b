// keras.losses.CosineSimilarity, Dice, Tversky: keras/src/losses/losses.py (Salehi et al. 2017)
#include "frontend/builder/functions.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/losses/losses.h"
#include "frontend/builder/training/losses/probabilities.h"
#include "support/error.h"

namespace lamina::frontend::builder {
namespace {

/// The negative cosine between target and prediction along one axis.
class CosineSimilarity : public LossFormula, CosineSimilaritySettings {
public:
  explicit CosineSimilarity(const CosineSimilaritySettings &settings)
      : CosineSimilaritySettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    int64_t over = normalizeAxis(scores.place, axis, scores.prediction.rank());
    Tensor product = normalize(scores.target, over) * normalize(scores.prediction, over);
    return {-sum(product, {over}), {}};
  }
};

using Axes = std::optional<std::vector<int64_t>>;

/// The sum of x over some axes, or over all.
Tensor total(const Scores &scores, Tensor x, const Axes &axes) {
  if (!axes)
    return sumAll(x);
  llvm::SmallVector<int64_t> over;
  for (int64_t axis : *axes)
    over.push_back(normalizeAxis(scores.place, axis, x.rank()));
  return sum(x, over);
}

/// 1 - c / (c + alpha m + beta s + epsilon) with the sums over some axes (all of them unless the
/// settings name some) of what is common, missing in the prediction and surplus there. (Which of
/// the two alpha weighs is Keras' 3.15; from 3.16 on it is the surplus, as in the paper.)
class Tversky : public LossFormula, TverskySettings {
public:
  explicit Tversky(const TverskySettings &settings) : TverskySettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    Tensor z = scores.target, p = scores.prediction;
    Tensor common = total(scores, z * p, axes);
    Tensor missing = total(scores, z * (1.0 - p), axes);
    Tensor surplus = total(scores, (1.0 - z) * p, axes);
    return {1.0 - common / (common + missing * alpha + surplus * beta + kEpsilon), {}};
  }
};

/// 1 - 2 sum(z p) / (sum(z) + sum(p) + epsilon)
class Dice : public LossFormula, DiceSettings {
public:
  explicit Dice(const DiceSettings &settings) : DiceSettings(settings) {}

  ElementValues compute(const Scores &scores) const override {
    Tensor common = total(scores, scores.target * scores.prediction, axes);
    Tensor sums = total(scores, scores.target, axes) + total(scores, scores.prediction, axes);
    return {1.0 - 2.0 * common / (sums + kEpsilon), {}};
  }
};

} // namespace

std::unique_ptr<LossFormula> createFormula(const CosineSimilaritySettings &settings) {
  return std::make_unique<CosineSimilarity>(settings);
}

std::unique_ptr<LossFormula> createFormula(const TverskySettings &settings) {
  return std::make_unique<Tversky>(settings);
}

std::unique_ptr<LossFormula> createFormula(const DiceSettings &settings) {
  return std::make_unique<Dice>(settings);
}

} // namespace lamina::frontend::builder
