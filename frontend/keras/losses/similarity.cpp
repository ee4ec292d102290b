// keras.losses.CosineSimilarity, Dice, Tversky: keras/src/losses/losses.py (Salehi et al. 2017)
#include "frontend/keras/activations/functions.h"
#include "frontend/keras/layer.h"
#include "frontend/keras/losses/losses.h"
#include "frontend/keras/losses/probabilities.h"

namespace lamina::frontend::keras {
namespace {

/// The negative cosine between target and prediction along one axis.
class CosineSimilarity : public LossMeaning {
public:
  explicit CosineSimilarity(Config &config) : axis(config.integer("axis", -1)) {}

  ElementValues compute(const Scores &scores) const override {
    int64_t over = normalizeAxis(scores.place, axis, scores.prediction.rank());
    Tensor product = normalize(scores.target, over) * normalize(scores.prediction, over);
    return {-sum(product, {over}), {}};
  }

private:
  int64_t axis;
};

/// 1 - c / (c + alpha m + beta s + epsilon) with the sums over some axes (all of them unless the
/// configuration names some) of what is common, missing in the prediction and surplus there. (Which
/// of the two alpha weighs is Keras' 3.15; from 3.16 on it is the surplus, as in the paper.)
class Tversky : public LossMeaning {
public:
  explicit Tversky(Config &config)
      : alpha(config.number("alpha", 0.5)), beta(config.number("beta", 0.5)),
        axes(config.integers("axis")) {}

  ElementValues compute(const Scores &scores) const override {
    Tensor z = scores.target, p = scores.prediction;
    Tensor common = total(scores, z * p);
    Tensor missing = total(scores, z * (1.0 - p)), surplus = total(scores, (1.0 - z) * p);
    return {1.0 - common / (common + missing * alpha + surplus * beta + kEpsilon), {}};
  }

protected:
  Tensor total(const Scores &scores, Tensor x) const {
    if (!axes)
      return sumAll(x);
    llvm::SmallVector<int64_t> over;
    for (int64_t axis : *axes)
      over.push_back(normalizeAxis(scores.place, axis, x.rank()));
    return sum(x, over);
  }

private:
  double alpha, beta;
  std::optional<std::vector<int64_t>> axes;
};

/// 1 - 2 sum(z p) / (sum(z) + sum(p) + epsilon)
class Dice : public Tversky {
public:
  using Tversky::Tversky;

  ElementValues compute(const Scores &scores) const override {
    Tensor common = total(scores, scores.target * scores.prediction);
    Tensor sums = total(scores, scores.target) + total(scores, scores.prediction);
    return {1.0 - 2.0 * common / (sums + kEpsilon), {}};
  }
};

} // namespace

const LossEntry cosineSimilarityLoss = {{"CosineSimilarity", "cosine_similarity"},
                                        createLoss<CosineSimilarity>};
const LossEntry diceLoss = {{"Dice", "dice"}, createLoss<Dice>};
const LossEntry tverskyLoss = {{"Tversky", "tversky"}, createLoss<Tversky>};

} // namespace lamina::frontend::keras
