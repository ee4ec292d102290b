#include "frontend/keras/training/metric.h"

#include "frontend/keras/training/loss.h"
#include "frontend/keras/training/traced/formulas.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

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

MetricFormulaSettings readSettings(const Place &where, const std::string &className,
                                   Config &config) {
  for (const MetricEntry &entry : metricEntries())
    if (llvm::is_contained(entry.names, className))
      return entry.read(config);
  if (const LossEntry *loss = findLossOfMetric(className))
    return MeanLossSettings{loss->read(config)};
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
  where.refuse(notSupported(config.where().part, className, names));
}

} // namespace

Metric readMetric(const Place &where, const nlohmann::json &value, const TargetType &target,
                  RankedTensorType prediction) {
  ObjectConfig object = ObjectConfig::read(where, "the metric", value);
  std::string name = object.className;
  // A function handed over as such is wrapped: {"fn": function, "name": ...}.
  if (object.className == "MeanMetricWrapper" && object.config.contains("fn")) {
    object.className =
        ObjectConfig::read(where, "the metric function", object.config["fn"]).className;
    object.config.erase("fn");
  }
  Place place = where;
  place.part = fmt::format("metric '{}'", printable(object.className));
  std::string lower = llvm::StringRef(object.className).lower();
  if (value.is_string() && (lower == "accuracy" || lower == "acc"))
    object.className = resolveAccuracy(target, prediction);
  if (value.is_string() && (lower == "crossentropy" || lower == "ce"))
    object.className = resolveCrossentropy(target, prediction);
  Config config(object.config, place);
  name = config.text("name", name);
  if (object.className == kTracedMetricClass) {
    place.part = fmt::format("metric '{}'", printable(name));
    return Metric(place, name, readTracedMetric(object.config, place));
  }
  if (isLossObject(value, object))
    return Metric(place, name, createMetricFormula(readLoss(where, value, prediction)));
  config.ignore({"dtype"});
  MetricFormulaSettings settings = readSettings(where, object.className, config);
  config.finish(object.className);
  return Metric(place, name, createMetricFormula(settings));
}

} // namespace lamina::frontend::keras
