#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "frontend/builder/training/loss_settings.h"

/// Metrics as an importer describes them. The formulas are in frontend/builder/training/metrics/;
/// defaults are Keras'. Axes and classes may count from the end.
namespace lamina::frontend::builder {

/// The mean of the values of a loss.
struct MeanLossSettings {
  LossFormulaSettings loss;
};

/// How often targets and predictions are equal, or name the same class.
struct AccuracySettings {
  enum class Kind { Equality, Categorical, SparseCategorical };
  Kind kind = Kind::Equality;
};

struct BinaryAccuracySettings {
  double threshold = 0.5;
};

struct TopKAccuracySettings {
  int64_t k = 5;
  bool isOfClassIndices = false; ///< targets are class indices, not one-hot
};

/// The thresholds above which a prediction counts as positive.
struct Thresholds {
  std::vector<double> values = {0.5};
  /// Evenly spaced over [0, 1], but for the first and last, which may lie just outside: predictions
  /// are sorted into buckets then, as in Keras.
  bool isEven = false;
};

/// Which decisions are counted.
struct DecisionSettings {
  Thresholds thresholds = {};
  std::optional<int64_t> topK = std::nullopt;    ///< only the k largest can be positive
  std::optional<int64_t> classId = std::nullopt; ///< only this one of the last dimension
};

struct DecisionCountSettings {
  enum class Kind { TruePositives, FalsePositives, TrueNegatives, FalseNegatives };
  Kind kind = Kind::TruePositives;
  Thresholds thresholds = {};
};

struct PrecisionSettings : DecisionSettings {};
struct RecallSettings : DecisionSettings {};

/// The area under a curve.
struct AucSettings {
  enum class Curve { Roc, Pr, PrGain };
  enum class Summation { Interpolation, Minoring, Majoring };
  Curve curve = Curve::Roc;
  Summation summation = Summation::Interpolation;
  Thresholds thresholds = {};
  bool isOfLogits = false;
  bool isMultiLabel = false; ///< an area for every label (the last dimension), then their mean
  std::vector<double> labelWeights = {}; ///< empty: all the same
};

/// The largest value of `wanted` at the thresholds where `constrained` is at least `least`.
struct RateAtRateSettings {
  enum class Rate { Sensitivity, Specificity, Precision };
  Rate wanted = Rate::Sensitivity, constrained = Rate::Specificity;
  double least = 0.5;
  Thresholds thresholds = {};
  std::optional<int64_t> classId = std::nullopt;
};

/// The weighted harmonic mean of precision and recall.
struct FBetaScoreSettings {
  enum class Average { None, Micro, Macro, Weighted };
  Average average = Average::None;
  double beta = 1;
  std::optional<double> threshold = std::nullopt; ///< without: the largest of a row is positive
};

/// Intersection over union from the matrix of labels by predictions.
struct IouSettings {
  int64_t classes = 2;
  std::optional<int64_t> ignoredClass = std::nullopt;
  bool areLabelsIndices = true, arePredictionsIndices = true; ///< otherwise a score for each class
  int64_t axis = -1;                              ///< of the classes, where they have scores
  std::optional<double> threshold = std::nullopt; ///< tells two classes apart
  std::vector<int64_t> chosen = {0, 1};           ///< classes whose mean is the result
  bool hasIntegerSums = false;                    ///< weights are truncated then
};

/// The mean of a comparison of targets with predictions along one axis.
struct MeanAlongAxisSettings {
  enum class Comparison { CosineSimilarity, PearsonCorrelation, ConcordanceCorrelation };
  Comparison comparison = Comparison::CosineSimilarity;
  int64_t axis = -1;
};

struct RootMeanSquaredErrorSettings {};

/// The coefficient of determination of every output dimension, averaged or not.
struct R2ScoreSettings {
  enum class Average { None, Uniform, WeightedByVariance };
  Average average = Average::Uniform;
  int64_t regressors = 0; ///< of the model, which count against it where there are more samples
};

using MetricFormulaSettings =
    std::variant<MeanLossSettings, AccuracySettings, BinaryAccuracySettings, TopKAccuracySettings,
                 DecisionCountSettings, PrecisionSettings, RecallSettings, AucSettings,
                 RateAtRateSettings, FBetaScoreSettings, IouSettings, MeanAlongAxisSettings,
                 RootMeanSquaredErrorSettings, R2ScoreSettings>;

} // namespace lamina::frontend::builder
