#include "frontend/keras/training/metric.h"

#include "frontend/keras/metrics/mean.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Refuses targets that another loss takes in another form.
void needTargetsOf(const Scores &scores, const TargetType &expected) {
  if (expected.shape != scores.target.shape().vec())
    scores.place.fail(fmt::format("needs targets of shape {}, but the loss takes targets of "
                                  "shape {}",
                                  describeShape(ArrayRef<int64_t>(expected.shape)),
                                  describeShape(scores.target.shape())));
}

/// A loss used as a metric: the mean of its values.
class LossMetric : public MeanMetric {
public:
  explicit LossMetric(const LossFormulaSettings &settings) : loss(createLossFormula(settings)) {}

  Tensor compute(const Scores &scores) const override {
    needTargetsOf(scores, loss->getTargetType(scores.place, scores.prediction.type()));
    return loss->compute(scores).values;
  }

private:
  std::unique_ptr<LossFormula> loss;
};

/// A loss object used as a metric: each batch gives one number, its reduced loss, and counts once;
/// without a reduction every row counts.
class ReducedLossMetric : public MetricMeaning {
public:
  ReducedLossMetric(const Place &place, const nlohmann::json &value, RankedTensorType prediction)
      : loss(readLoss(place, value, prediction)) {}

  Tensors accumulate(const Scores &scores) const override {
    needTargetsOf(scores, loss.getTargetType(scores.prediction.type()));
    if (scores.weights)
      scores.place.fail("gives one number for a batch and cannot be weighted; use the metric class "
                        "of this loss");
    if (scores.mask)
      scores.place.fail("gives one number for a batch and cannot leave out the steps that the "
                        "output's mask leaves out; use the metric class of this loss");
    Tensor value =
        loss.reduce(loss.compute(scores.target, scores.prediction, scores.logits, {}), {});
    Tensor count = loss.isReduced() ? value.like(1) : value.emit().rows();
    return {value * count, count};
  }
  Tensor result(ArrayRef<Tensor> sums) const override { return divideNoNan(sums[0], sums[1]); }

private:
  Loss loss;
};

/// Whether the value is an object of keras.losses, not a function or a metric of the same name.
bool isLossObject(const nlohmann::json &value, const ObjectConfig &object) {
  return value.is_object() && !object.isFunction && value.contains("module") &&
         value["module"] == "keras.losses";
}

/// keras/src/trainers/compile_utils.py, get_metric.
std::string resolveAccuracy(const TargetType &target, RankedTensorType prediction) {
  if (prediction.getShape().back() == 1)
    return "BinaryAccuracy";
  bool isSparse =
      static_cast<int64_t>(target.shape.size()) < prediction.getRank() || target.shape.back() == 1;
  return isSparse ? "SparseCategoricalAccuracy" : "CategoricalAccuracy";
}

std::string resolveCrossentropy(const TargetType &target, RankedTensorType prediction) {
  std::string accuracy = resolveAccuracy(target, prediction);
  return accuracy.substr(0, accuracy.size() - std::string_view("Accuracy").size()) + "Crossentropy";
}

/// Metrics that are the mean of a loss have its name, but for one.
const LossEntry *findLossOfMetric(const std::string &className) {
  return findLoss(className == "LogCoshError" ? "LogCosh" : className);
}

std::unique_ptr<MetricMeaning> createMeaning(const Place &where, const std::string &className,
                                             Config &config) {
  for (const MetricEntry &entry : metricEntries())
    if (llvm::is_contained(entry.names, className))
      return entry.create(config);
  if (const LossEntry *loss = findLossOfMetric(className))
    return std::make_unique<LossMetric>(loss->read(config));
  for (llvm::StringRef refused : {"Mean", "Sum", "mean", "sum"})
    if (className == refused)
      where.fail(fmt::format("{} takes single values, not targets and predictions (Keras cannot "
                             "train with it either); name a metric of both",
                             config.where().part));
  std::vector<std::string> names;
  for (const MetricEntry &entry : metricEntries())
    names.insert(names.end(), entry.names.begin(), entry.names.end());
  for (const LossEntry &entry : lossEntries())
    names.insert(names.end(), entry.names.begin(), entry.names.end());
  where.fail(notSupported(config.where().part, className, names));
}

} // namespace

const std::vector<MetricEntry> &metricEntries() {
  static const std::vector<MetricEntry> entries = {
      accuracyMetric,
      binaryAccuracyMetric,
      categoricalAccuracyMetric,
      sparseCategoricalAccuracyMetric,
      topKCategoricalAccuracyMetric,
      sparseTopKCategoricalAccuracyMetric,
      precisionMetric,
      recallMetric,
      truePositivesMetric,
      falsePositivesMetric,
      trueNegativesMetric,
      falseNegativesMetric,
      aucMetric,
      sensitivityAtSpecificityMetric,
      specificityAtSensitivityMetric,
      precisionAtRecallMetric,
      recallAtPrecisionMetric,
      f1ScoreMetric,
      fBetaScoreMetric,
      iouMetric,
      binaryIouMetric,
      meanIouMetric,
      oneHotIouMetric,
      oneHotMeanIouMetric,
      rootMeanSquaredErrorMetric,
      cosineSimilarityMetric,
      r2ScoreMetric,
      pearsonCorrelationMetric,
      concordanceCorrelationMetric,
  };
  return entries;
}

Metric::Metric(const Place &where, const nlohmann::json &value, const TargetType &target,
               RankedTensorType prediction)
    : place(where) {
  ObjectConfig object = ObjectConfig::read(where, "the metric", value);
  name = object.className;
  // A function handed over as such is wrapped: {"fn": function, "name": ...}.
  if (object.className == "MeanMetricWrapper" && object.config.contains("fn")) {
    object.className =
        ObjectConfig::read(place, "the metric function", object.config["fn"]).className;
    object.config.erase("fn");
  }
  place.part = fmt::format("metric '{}'", printable(object.className));
  std::string lower = llvm::StringRef(object.className).lower();
  if (value.is_string() && (lower == "accuracy" || lower == "acc"))
    object.className = resolveAccuracy(target, prediction);
  if (value.is_string() && (lower == "crossentropy" || lower == "ce"))
    object.className = resolveCrossentropy(target, prediction);
  Config config(object.config, place);
  name = config.text("name", name);
  if (isLossObject(value, object)) {
    meaning = std::make_unique<ReducedLossMetric>(where, value, prediction);
    return;
  }
  config.ignore({"dtype"});
  meaning = createMeaning(where, object.className, config);
  config.finish(object.className);
}

Metric::Value Metric::compute(Tensor target, Tensor prediction, Tensor logits, Tensor weights,
                              Tensor mask) const {
  Scores scores{target, prediction, logits, place, weights, mask};
  if (Tensor value = meaning->meanOverRows(scores))
    return {value, {}};
  Tensors sums = meaning->accumulate(scores);
  return {meaning->result(sums), sums};
}

} // namespace lamina::frontend::keras
