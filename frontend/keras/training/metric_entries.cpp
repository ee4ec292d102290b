// The settings of each metric class: keras/src/metrics/
#include "frontend/keras/training/metric.h"
#include "frontend/keras/training/thresholds.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace lamina::frontend::keras {
namespace {

template <typename Kind> struct Choice {
  llvm::StringLiteral name;
  Kind kind;
};

/// One of several words, in whatever case; the first one where the setting is absent.
template <typename Kind, size_t count>
Kind choose(Config &config, const char *key, const Choice<Kind> (&choices)[count]) {
  std::string value = config.text(key, choices[0].name.str());
  std::vector<std::string> names;
  for (const Choice<Kind> &choice : choices) {
    if (choice.name.equals_insensitive(value))
      return choice.kind;
    names.push_back(choice.name.str());
  }
  config.fail(fmt::format("'{}' must be one of {}, not '{}'", key, fmt::join(names, ", "),
                          printable(value)));
}

template <AccuracySettings::Kind kind> MetricFormulaSettings readAccuracy(Config &) {
  return AccuracySettings{kind};
}

MetricFormulaSettings readBinaryAccuracy(Config &config) {
  return BinaryAccuracySettings{config.number("threshold", 0.5)};
}

template <bool isOfClassIndices> MetricFormulaSettings readTopK(Config &config) {
  return TopKAccuracySettings{config.integer("k", 5), isOfClassIndices};
}

template <typename Settings> MetricFormulaSettings readDecisions(Config &config) {
  Settings settings;
  settings.topK = config.optionalInteger("top_k");
  if (settings.topK && *settings.topK < 1)
    config.fail(fmt::format("'top_k' must be positive, not {}", *settings.topK));
  settings.classId = config.optionalInteger("class_id");
  settings.thresholds = readThresholds(config, settings.topK ? -1e10 : 0.5);
  return settings;
}

template <DecisionCountSettings::Kind kind> MetricFormulaSettings readCount(Config &config) {
  return DecisionCountSettings{kind, readThresholds(config, 0.5)};
}

MetricFormulaSettings readAuc(Config &config) {
  using Curve = AucSettings::Curve;
  using Summation = AucSettings::Summation;
  static constexpr Choice<Curve> curves[] = {
      {"ROC", Curve::Roc}, {"PR", Curve::Pr}, {"PRGAIN", Curve::PrGain}};
  static constexpr Choice<Summation> summations[] = {{"interpolation", Summation::Interpolation},
                                                     {"minoring", Summation::Minoring},
                                                     {"majoring", Summation::Majoring}};
  AucSettings settings;
  settings.curve = choose(config, "curve", curves);
  settings.summation = choose(config, "summation_method", summations);
  settings.thresholds = readCurveThresholds(config);
  settings.isOfLogits = config.boolean("from_logits", false);
  settings.isMultiLabel = config.boolean("multi_label", false);
  if (config.has("label_weights"))
    settings.labelWeights = config.numbers("label_weights", 1).values;
  config.ignore({"num_labels"}); // follows from the prediction
  return settings;
}

using Rate = RateAtRateSettings::Rate;

constexpr const char kSpecificity[] = "specificity", kSensitivity[] = "sensitivity",
                     kRecall[] = "recall", kPrecision[] = "precision";

template <Rate wanted, Rate constrained, const char *key>
MetricFormulaSettings readRateAtRate(Config &config) {
  RateAtRateSettings settings{wanted, constrained, config.number(key, -1)};
  settings.thresholds = readEvenThresholds(config);
  if (!(settings.least >= 0 && settings.least <= 1))
    config.fail(fmt::format("'{}' must be in [0, 1]", key));
  settings.classId = config.optionalInteger("class_id");
  return settings;
}

MetricFormulaSettings readFBeta(Config &config, double beta) {
  using Average = FBetaScoreSettings::Average;
  FBetaScoreSettings settings;
  settings.beta = beta;
  std::string average = config.text("average", "");
  std::optional<Average> kind = llvm::StringSwitch<std::optional<Average>>(average)
                                    .Case("", Average::None)
                                    .Case("micro", Average::Micro)
                                    .Case("macro", Average::Macro)
                                    .Case("weighted", Average::Weighted)
                                    .Default(std::nullopt);
  if (!kind)
    config.fail(fmt::format("'average' must be micro, macro, weighted or null, not '{}'",
                            printable(average)));
  settings.average = *kind;
  if (!(beta > 0))
    config.fail(fmt::format("'beta' must be positive, not {}", beta));
  settings.threshold = config.optionalNumber("threshold");
  if (settings.threshold && !(*settings.threshold > 0 && *settings.threshold <= 1))
    config.fail(
        fmt::format("'threshold' must be above 0 and at most 1, not {}", *settings.threshold));
  return settings;
}
MetricFormulaSettings readFBetaScore(Config &config) {
  return readFBeta(config, config.number("beta", 1));
}
MetricFormulaSettings readF1Score(Config &config) {
  return readFBeta(config, 1);
}

/// How the members of the family of IoU differ.
struct IouForm {
  bool isBinary = false; ///< two classes, told apart by a threshold
  bool isMean = false;   ///< over all classes, not over chosen ones
  bool hasOneHotLabels = false;
};

/// The classes whose mean is the result.
std::vector<int64_t> readChosenClasses(Config &config, const IouForm &form, int64_t classes) {
  auto all = llvm::seq<int64_t>(0, classes);
  std::vector<int64_t> chosen(all.begin(), all.end());
  if (!form.isMean)
    chosen = config.integers("target_class_ids")
                 .value_or(form.isBinary ? chosen : std::vector<int64_t>());
  for (int64_t id : chosen)
    if (id < 0 || id >= classes)
      config.fail(fmt::format("'target_class_ids' has {}, which is not in [0, {})", id, classes));
  if (chosen.empty())
    config.fail("'target_class_ids' is missing from the configuration");
  return chosen;
}

MetricFormulaSettings readIouOf(Config &config, const IouForm &form) {
  IouSettings settings;
  settings.classes = form.isBinary ? 2 : config.positive("num_classes");
  settings.ignoredClass = config.optionalInteger("ignore_class");
  settings.areLabelsIndices = config.boolean("sparse_y_true", !form.hasOneHotLabels);
  settings.arePredictionsIndices = config.boolean("sparse_y_pred", !form.hasOneHotLabels);
  settings.axis = config.integer("axis", -1);
  if (form.isBinary)
    settings.threshold = config.number("threshold", 0.5);
  settings.chosen = readChosenClasses(config, form, settings.classes);
  const nlohmann::json &dtype = config.raw("dtype");
  settings.hasIntegerSums =
      !dtype.is_string() || !llvm::StringRef(dtype.get<std::string>()).starts_with("float");
  return settings;
}

constexpr IouForm kIou, kBinaryIou{.isBinary = true}, kMeanIou{.isMean = true},
    kOneHotIou{.hasOneHotLabels = true}, kOneHotMeanIou{.isMean = true, .hasOneHotLabels = true};

template <const IouForm &form> MetricFormulaSettings readIou(Config &config) {
  return readIouOf(config, form);
}

template <MeanAlongAxisSettings::Comparison comparison>
MetricFormulaSettings readMeanAlongAxis(Config &config) {
  return MeanAlongAxisSettings{comparison, config.integer("axis", -1)};
}

MetricFormulaSettings readRootMeanSquaredError(Config &) {
  return RootMeanSquaredErrorSettings{};
}

MetricFormulaSettings readR2Score(Config &config) {
  using Average = R2ScoreSettings::Average;
  constexpr llvm::StringLiteral uniform = "uniform_average", weighted = "variance_weighted_average";
  // In a serialized metric null stands for no aggregation; a bare name has no settings.
  std::string text =
      config.text("class_aggregation", config.has("num_regressors") ? "" : uniform.str());
  std::optional<Average> average = llvm::StringSwitch<std::optional<Average>>(text)
                                       .Case("", Average::None)
                                       .Case(uniform, Average::Uniform)
                                       .Case(weighted, Average::WeightedByVariance)
                                       .Default(std::nullopt);
  if (!average)
    config.fail(fmt::format("'class_aggregation' must be {}, {} or null, not '{}'", uniform.str(),
                            weighted.str(), printable(text)));
  int64_t regressors = config.integer("num_regressors", 0);
  if (regressors < 0)
    config.fail(fmt::format("'num_regressors' must not be negative, got {}", regressors));
  return R2ScoreSettings{*average, regressors};
}

using Accuracy = AccuracySettings::Kind;
using Decision = DecisionCountSettings::Kind;
using Comparison = MeanAlongAxisSettings::Comparison;

} // namespace

const std::vector<MetricEntry> &metricEntries() {
  static const std::vector<MetricEntry> entries = {
      {{"Accuracy"}, readAccuracy<Accuracy::Equality>},
      {{"BinaryAccuracy", "binary_accuracy"}, readBinaryAccuracy},
      {{"CategoricalAccuracy", "categorical_accuracy"}, readAccuracy<Accuracy::Categorical>},
      {{"SparseCategoricalAccuracy", "sparse_categorical_accuracy"},
       readAccuracy<Accuracy::SparseCategorical>},
      {{"TopKCategoricalAccuracy", "top_k_categorical_accuracy"}, readTopK<false>},
      {{"SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"}, readTopK<true>},
      {{"Precision", "precision"}, readDecisions<PrecisionSettings>},
      {{"Recall", "recall"}, readDecisions<RecallSettings>},
      {{"TruePositives", "true_positives"}, readCount<Decision::TruePositives>},
      {{"FalsePositives", "false_positives"}, readCount<Decision::FalsePositives>},
      {{"TrueNegatives", "true_negatives"}, readCount<Decision::TrueNegatives>},
      {{"FalseNegatives", "false_negatives"}, readCount<Decision::FalseNegatives>},
      {{"AUC", "auc"}, readAuc},
      {{"SensitivityAtSpecificity", "sensitivity_at_specificity"},
       readRateAtRate<Rate::Sensitivity, Rate::Specificity, kSpecificity>},
      {{"SpecificityAtSensitivity", "specificity_at_sensitivity"},
       readRateAtRate<Rate::Specificity, Rate::Sensitivity, kSensitivity>},
      {{"PrecisionAtRecall", "precision_at_recall"},
       readRateAtRate<Rate::Precision, Rate::Sensitivity, kRecall>},
      {{"RecallAtPrecision", "recall_at_precision"},
       readRateAtRate<Rate::Sensitivity, Rate::Precision, kPrecision>},
      {{"F1Score", "f1_score"}, readF1Score},
      {{"FBetaScore", "f_beta_score"}, readFBetaScore},
      {{"IoU", "io_u"}, readIou<kIou>},
      {{"BinaryIoU", "binary_io_u"}, readIou<kBinaryIou>},
      {{"MeanIoU", "mean_io_u"}, readIou<kMeanIou>},
      {{"OneHotIoU", "one_hot_io_u"}, readIou<kOneHotIou>},
      {{"OneHotMeanIoU", "one_hot_mean_io_u"}, readIou<kOneHotMeanIou>},
      {{"RootMeanSquaredError", "root_mean_squared_error"}, readRootMeanSquaredError},
      {{"CosineSimilarity", "cosine_similarity"}, readMeanAlongAxis<Comparison::CosineSimilarity>},
      {{"R2Score", "r2_score"}, readR2Score},
      {{"PearsonCorrelation", "pearson_correlation"},
       readMeanAlongAxis<Comparison::PearsonCorrelation>},
      {{"ConcordanceCorrelation", "concordance_correlation"},
       readMeanAlongAxis<Comparison::ConcordanceCorrelation>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
