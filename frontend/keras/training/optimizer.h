#pragma once

#include "frontend/builder/training/optimizer_settings.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

struct OptimizerEntry {
  std::vector<std::string> names; ///< class name, then Keras' lower-case name
  double learningRate;            ///< default
  nlohmann::json defaults;        ///< of settings in which null means something else
  UpdateSettings (*read)(Config &config);
};

const std::vector<OptimizerEntry> &optimizerEntries();
/// Those of Keras 2 (module keras.optimizers.legacy) that compute otherwise than their namesakes.
const std::vector<OptimizerEntry> &legacyOptimizerEntries();

/// An optimizer as a model's compile settings have it, by name or serialized.
/// `learningRate` overrides the configured one. Where `onlyState`, the optimizer's variables are
/// wanted alone: what a learning rate schedule says is not looked at.
OptimizerSettings readOptimizer(const Place &place, const nlohmann::json &value,
                                std::optional<double> learningRate, bool onlyState = false);

} // namespace lamina::frontend::keras
