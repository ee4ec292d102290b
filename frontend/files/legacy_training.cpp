#include <cctype>
#include <iterator>
#include <string>

#include "frontend/files/legacy_config.h"
#include "frontend/files/legacy_object.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

/// Metrics that Keras 2 stores as a function wrapped into a mean; most are named like the class.
std::string metricClass(const std::string &function) {
  if (function == "kl_divergence" || function == "kld")
    return "KLDivergence";
  if (function == "log_cosh" || function == "logcosh")
    return "LogCoshError";
  std::string name;
  bool startsWord = true;
  for (char c : function) {
    if (c != '_')
      name += startsWord ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    startsWord = c == '_';
  }
  return name;
}

/// A setting that is null means what Keras 3 does without it.
void eraseNulls(json &settings) {
  for (auto member = settings.begin(); member != settings.end();)
    member = member->is_null() ? settings.erase(member) : std::next(member);
}

/// A loss or a metric.
void modernizeMeasure(json &object, const char *module) {
  setModule(object, module);
  json &config = object["config"];
  if (!config.is_object())
    return;
  json function = config.value("fn", json());
  if (object["class_name"] == "MeanMetricWrapper" && function.is_string())
    object["class_name"] = metricClass(function.get<std::string>());
  config.erase("fn");
  if (config.value("reduction", json()) == "auto")
    config["reduction"] = "sum_over_batch_size";
  eraseNulls(config);
}

/// Losses or metrics, however they are nested.
void modernizeMeasures(json &value, const char *module) {
  if (isObjectOfClass(value))
    return modernizeMeasure(value, module);
  if (value.is_structured())
    for (json &item : value)
      modernizeMeasures(item, module);
}

/// One output's metrics stand in a list of lists; the inner one is what `compile` was given.
json metricsOf(json metrics) {
  modernizeMeasures(metrics, "keras.metrics");
  if (metrics.is_array() && metrics.size() == 1 && metrics[0].is_array())
    return json(metrics[0]);
  return metrics;
}

json modernOptimizer(json object) {
  constexpr std::string_view custom = "Custom>";
  if (!isObjectOfClass(object) || !object["config"].is_object())
    return object;
  std::string className = object["class_name"];
  if (className.starts_with(custom))
    object["class_name"] = className.substr(custom.size());
  setModule(object, "keras.optimizers");
  json &config = object["config"];
  if (config.contains("lr"))
    config["learning_rate"] = config["lr"];
  json &rate = config["learning_rate"];
  json decay = config.value("decay", json());
  if (isObjectOfClass(rate))
    setModule(rate, "keras.optimizers.schedules");
  else if (rate.is_number() && decay.is_number() && decay != 0.0)
    rate = {
        {"module", "keras.optimizers.schedules"},
        {"class_name", "InverseTimeDecay"},
        {"config", {{"initial_learning_rate", rate}, {"decay_steps", 1}, {"decay_rate", decay}}},
        {"registered_name", nullptr}};
  if (rate.is_null())
    config.erase("learning_rate");
  for (const char *key : {"lr", "decay", "jit_compile", "is_legacy_optimizer"})
    config.erase(key);
  return object;
}

} // namespace

json modernizeTraining(json training) {
  if (!training.is_object())
    return training;
  const char *key = training.contains("optimizer_config") ? "optimizer_config" : "optimizer";
  training["optimizer"] = modernOptimizer(training.value(key, json()));
  training.erase("optimizer_config");
  training.erase("sample_weight_mode");
  if (training.contains("loss"))
    modernizeMeasures(training["loss"], "keras.losses");
  for (const char *key : {"metrics", "weighted_metrics"})
    if (training.contains(key))
      training[key] = metricsOf(training[key]);
  eraseNulls(training);
  return training;
}

} // namespace lamina::frontend
