#include <cctype>
#include <iterator>
#include <string>

#include "frontend/files/models/legacy_config.h"
#include "frontend/files/models/legacy_object.h"

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

/// Takes the name of its output off a metric, which Keras 3 puts before it again.
void removePrefix(json &metric, const std::string &prefix) {
  if (!isObjectOfClass(metric) || !metric["config"].is_object())
    return;
  json name = metric["config"].value("name", json());
  if (name.is_string() && name.get<std::string>().starts_with(prefix))
    metric["config"]["name"] = name.get<std::string>().substr(prefix.size());
}

/// One output's metrics are a list of lists; the inner one is the argument of `compile`. Those
/// of several outputs have these in their names.
json metricsOf(json metrics, const std::vector<std::string> &outputs) {
  modernizeMeasures(metrics, "keras.metrics");
  if (outputs.size() > 1 && metrics.is_array() && metrics.size() == outputs.size())
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (metrics[i].is_array())
        for (json &metric : metrics[i])
          removePrefix(metric, outputs[i] + "_");
      else
        removePrefix(metrics[i], outputs[i] + "_");
    }
  if (metrics.is_array() && metrics.size() == 1 && metrics[0].is_array())
    return json(metrics[0]);
  return metrics;
}

constexpr char kLegacyModule[] = "keras.optimizers.legacy";

/// Whether an optimizer in a file of Keras 2 is of those before 2.11: the later ones say that they
/// are not, and have a setting that no earlier one has.
bool isLegacyOptimizer(const json &config) {
  return config.value("is_legacy_optimizer", json(true)) != false &&
         !config.contains("jit_compile");
}

/// A decay that cannot be said together with the learning rate stays, so that it is refused.
void decayLearningRate(json &config) {
  json &rate = config["learning_rate"];
  json decay = config.value("decay", json());
  if (decay == 0.0)
    config.erase("decay");
  if (!rate.is_number() || !decay.is_number() || !(decay > 0.0))
    return;
  rate = {{"module", "keras.optimizers.schedules"},
          {"class_name", "InverseTimeDecay"},
          {"config", {{"initial_learning_rate", rate}, {"decay_steps", 1}, {"decay_rate", decay}}},
          {"registered_name", nullptr}};
  config.erase("decay");
}

void modernizeLegacyOptimizer(json &object, std::string_view version) {
  json &config = object["config"];
  const json &className = object["class_name"];
  if (className == "Nadam") {
    json pace = config.value("schedule_decay", config.value("decay", json(0.004)));
    config["schedule_decay"] = pace;
    config.erase("decay");
  }
  decayLearningRate(config);
  // Only optimizers of tf.keras say it; the others' sums begin at 0.
  if (className == "Adagrad")
    config.emplace("initial_accumulator_value", 0.0);
  if (isStandaloneKeras(version) && config.contains("clipnorm")) {
    config["global_clipnorm"] = config["clipnorm"];
    config.erase("clipnorm");
  }
  // With momentum, RMSprop has always had today's formula.
  bool hasMomentum = config.value("momentum", json(0)) != 0;
  if (className == "Nadam" || className == "Adagrad" || (className == "RMSprop" && !hasMomentum))
    object["module"] = kLegacyModule;
}

json modernOptimizer(json object, std::string_view version) {
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
  if (isObjectOfClass(config["learning_rate"]))
    setModule(config["learning_rate"], "keras.optimizers.schedules");
  if (!version.empty() && isLegacyOptimizer(config))
    modernizeLegacyOptimizer(object, version);
  if (config["learning_rate"].is_null())
    config.erase("learning_rate");
  for (const char *key : {"lr", "jit_compile", "is_legacy_optimizer"})
    config.erase(key);
  return object;
}

/// Whether an optimizer is one that only Lamina knows.
bool isOfLegacyModule(const json &training) {
  static const json::json_pointer module("/optimizer/module");
  return training.is_object() && training.contains(module) && training[module] == kLegacyModule;
}

} // namespace

json modernizeTraining(json training, std::string_view version,
                       const std::vector<std::string> &outputs) {
  if (!training.is_object())
    return training;
  const char *key = training.contains("optimizer_config") ? "optimizer_config" : "optimizer";
  training["optimizer"] = modernOptimizer(training.value(key, json()), version);
  training.erase("optimizer_config");
  training.erase("sample_weight_mode");
  if (training.contains("loss"))
    modernizeMeasures(training["loss"], "keras.losses");
  for (const char *key : {"metrics", "weighted_metrics"})
    if (training.contains(key))
      training[key] = metricsOf(training[key], outputs);
  eraseNulls(training);
  return training;
}

json writableTraining(json training) {
  if (!isOfLegacyModule(training))
    return training;
  json &optimizer = training["optimizer"];
  optimizer["module"] = "keras.optimizers";
  optimizer["config"].erase("schedule_decay");
  return training;
}

std::vector<std::string> changesOfWriting(const json &model, const json &training) {
  std::vector<std::string> changes;
  if (writableModel(model) != model)
    changes.push_back(
        "Keras 3 computes hard_sigmoid as x / 6 + 0.5 between 0 and 1, not as 0.2 x + "
        "0.5 as the file's layers do");
  if (!isOfLegacyModule(training))
    return changes;
  const json &optimizer = training["optimizer"];
  changes.push_back(
      optimizer["class_name"] == "Nadam"
          ? "Keras 3 has no schedule_decay: its Nadam lets the momentum grow faster than the file's"
          : "Keras 3 adds the epsilon of " + optimizer["class_name"].get<std::string>() +
                " below the root, not behind it as the file's optimizer does");
  return changes;
}

} // namespace lamina::frontend
