// The settings of each loss class: keras/src/losses/losses.py
#include "frontend/keras/training/loss.h"

namespace lamina::frontend::keras {
namespace {

template <PlainLoss loss> LossFormulaSettings plain(Config &) {
  return loss;
}

/// Settings of a cross-entropy with targets for every class.
template <typename Settings> Settings readDense(Config &config) {
  Settings settings;
  settings.isOfLogits = config.boolean("from_logits", false);
  settings.labelSmoothing = config.number("label_smoothing", 0);
  settings.axis = config.integer("axis", -1);
  return settings;
}

template <typename Settings> LossFormulaSettings readCrossentropy(Config &config) {
  return readDense<Settings>(config);
}

LossFormulaSettings readSparseCrossentropy(Config &config) {
  return SparseCategoricalCrossentropySettings{config.boolean("from_logits", false),
                                               config.optionalInteger("ignore_class"),
                                               config.integer("axis", -1)};
}

LossFormulaSettings readBinaryFocal(Config &config) {
  auto settings = readDense<BinaryFocalCrossentropySettings>(config);
  settings.gamma = config.number("gamma", 2);
  settings.alpha = config.number("alpha", 0.25);
  settings.isBalanced = config.boolean("apply_class_balancing", false);
  return settings;
}

LossFormulaSettings readCategoricalFocal(Config &config) {
  auto settings = readDense<CategoricalFocalCrossentropySettings>(config);
  settings.gamma = config.number("gamma", 2);
  Config::Numbers alpha = config.numbers("alpha", 0.25);
  settings.alpha = alpha.values;
  settings.alphaShape = alpha.shape;
  return settings;
}

LossFormulaSettings readGeneralizedCrossentropy(Config &config) {
  double q = config.number("q", 0.5);
  if (!(q > 0 && q < 1))
    config.fail(fmt::format("'q' must be between 0 and 1, not {}", q));
  return GeneralizedCrossentropySettings{q};
}

LossFormulaSettings readHuber(Config &config) {
  return HuberSettings{config.number("delta", 1)};
}

LossFormulaSettings readCosineSimilarity(Config &config) {
  return CosineSimilaritySettings{config.integer("axis", -1)};
}

LossFormulaSettings readDice(Config &config) {
  return DiceSettings{config.integers("axis")};
}

LossFormulaSettings readTversky(Config &config) {
  return TverskySettings{config.number("alpha", 0.5), config.number("beta", 0.5),
                         config.integers("axis")};
}

LossFormulaSettings readCtc(Config &) {
  return CtcSettings{};
}

} // namespace

const std::vector<LossEntry> &lossEntries() {
  static const std::vector<LossEntry> entries = {
      {{"BinaryCrossentropy", "binary_crossentropy", "bce", "BCE"},
       readCrossentropy<BinaryCrossentropySettings>},
      {{"BinaryFocalCrossentropy", "binary_focal_crossentropy"}, readBinaryFocal},
      {{"CategoricalCrossentropy", "categorical_crossentropy"},
       readCrossentropy<CategoricalCrossentropySettings>},
      {{"CategoricalFocalCrossentropy", "categorical_focal_crossentropy"}, readCategoricalFocal},
      {{"SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"},
       readSparseCrossentropy},
      {{"CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy"},
       readGeneralizedCrossentropy},
      {{"Poisson", "poisson"}, plain<PlainLoss::Poisson>},
      {{"KLDivergence", "kl_divergence", "kld", "KLD"}, plain<PlainLoss::KLDivergence>},
      {{"MeanSquaredError", "mean_squared_error", "mse", "MSE"},
       plain<PlainLoss::MeanSquaredError>},
      {{"MeanAbsoluteError", "mean_absolute_error", "mae", "MAE"},
       plain<PlainLoss::MeanAbsoluteError>},
      {{"MeanAbsolutePercentageError", "mean_absolute_percentage_error", "mape", "MAPE"},
       plain<PlainLoss::MeanAbsolutePercentageError>},
      {{"MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", "msle", "MSLE"},
       plain<PlainLoss::MeanSquaredLogarithmicError>},
      {{"CosineSimilarity", "cosine_similarity"}, readCosineSimilarity},
      {{"Huber", "huber"}, readHuber},
      {{"LogCosh", "log_cosh", "logcosh"}, plain<PlainLoss::LogCosh>},
      {{"Hinge", "hinge"}, plain<PlainLoss::Hinge>},
      {{"SquaredHinge", "squared_hinge"}, plain<PlainLoss::SquaredHinge>},
      {{"CategoricalHinge", "categorical_hinge"}, plain<PlainLoss::CategoricalHinge>},
      {{"CTC", "ctc"}, readCtc},
      {{"Dice", "dice"}, readDice},
      {{"Tversky", "tversky"}, readTversky}};
  return entries;
}

} // namespace lamina::frontend::keras
