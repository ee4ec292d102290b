#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

/// Losses as an importer describes them. The formulas are in frontend/builder/training/losses/;
/// defaults are Keras'. Axes may count from the end.
namespace lamina::frontend::builder {

struct BinaryCrossentropySettings {
  bool isOfLogits = false;   ///< predictions are logits, not probabilities
  double labelSmoothing = 0; ///< share of the uniform distribution in the targets
  int64_t axis = -1;
};

struct CategoricalCrossentropySettings {
  bool isOfLogits = false;
  double labelSmoothing = 0;
  int64_t axis = -1;
};

struct SparseCategoricalCrossentropySettings {
  bool isOfLogits = false;
  std::optional<int64_t> ignoredClass = std::nullopt; ///< a label whose steps do not count
  int64_t axis = -1;
};

struct BinaryFocalCrossentropySettings {
  bool isOfLogits = false;
  double labelSmoothing = 0, gamma = 2;
  int64_t axis = -1;
  double alpha = 0.25; ///< the weight of targets of 1, where classes are balanced
  bool isBalanced = false;
};

struct CategoricalFocalCrossentropySettings {
  bool isOfLogits = false;
  double labelSmoothing = 0, gamma = 2;
  int64_t axis = -1;
  /// One weight (rank 0), or one for each class.
  std::vector<double> alpha = {0.25};
  std::vector<int64_t> alphaShape = {};
};

struct GeneralizedCrossentropySettings {
  double q = 0.5; ///< between 0 and 1
};

/// Losses without settings.
enum class PlainLoss {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  LogCosh,
  Poisson,
  KLDivergence,
  Hinge,
  SquaredHinge,
  CategoricalHinge
};

struct HuberSettings {
  double delta = 1;
};

struct CosineSimilaritySettings {
  int64_t axis = -1;
};

struct DiceSettings {
  std::optional<std::vector<int64_t>> axes = std::nullopt; ///< without: all
};

struct TverskySettings {
  double alpha = 0.5, beta = 0.5;
  std::optional<std::vector<int64_t>> axes = std::nullopt; ///< without: all
};

/// Connectionist temporal classification of logits; class 0 stands for no label.
struct CtcSettings {};

using LossFormulaSettings =
    std::variant<PlainLoss, BinaryCrossentropySettings, CategoricalCrossentropySettings,
                 SparseCategoricalCrossentropySettings, BinaryFocalCrossentropySettings,
                 CategoricalFocalCrossentropySettings, GeneralizedCrossentropySettings,
                 HuberSettings, CosineSimilaritySettings, DiceSettings, TverskySettings,
                 CtcSettings>;

enum class LossReduction { MeanOverElements, MeanOverWeights, Sum, None };

} // namespace lamina::frontend::builder
