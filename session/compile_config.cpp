#include "session/compile_config.h"

#include <algorithm>

#include "frontend/keras/training/optimizer.h"

namespace lamina::session {

namespace {

using nlohmann::json;

/// Keras' class name of an optimizer given by any of its names.
std::string optimizerClass(const std::string &name) {
  for (const auto &entry : frontend::keras::optimizerEntries())
    if (std::find(entry.names.begin(), entry.names.end(), name) != entry.names.end())
      return entry.names.front();
  return name;
}

json serializedOptimizer(const std::string &name) {
  return {{"module", "keras.optimizers"},
          {"class_name", optimizerClass(name)},
          {"config", json::object()},
          {"registered_name", nullptr}};
}

} // namespace

std::optional<json> changedCompileConfig(const frontend::KerasFile &file,
                                         const frontend::ImportOptions &options) {
  bool changed = !options.optimizer.empty() || !options.loss.empty() || !options.metrics.empty() ||
                 options.learningRate;
  if (!changed)
    return std::nullopt;
  json config = file.compileConfig.value_or(json{{"loss_weights", nullptr},
                                                 {"metrics", nullptr},
                                                 {"weighted_metrics", nullptr},
                                                 {"run_eagerly", false},
                                                 {"steps_per_execution", 1},
                                                 {"jit_compile", false}});
  if (!options.loss.empty())
    config["loss"] = options.loss;
  if (!options.metrics.empty())
    config["metrics"] = options.metrics;
  if (!options.optimizer.empty())
    config["optimizer"] = serializedOptimizer(options.optimizer);
  json &optimizer = config["optimizer"];
  if (options.learningRate) {
    if (optimizer.is_string())
      optimizer = serializedOptimizer(optimizer.get<std::string>());
    if (optimizer.is_object())
      optimizer["config"]["learning_rate"] = *options.learningRate;
  }
  return config;
}

} // namespace lamina::session
