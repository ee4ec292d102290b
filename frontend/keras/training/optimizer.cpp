#include "frontend/keras/training/optimizer.h"

#include "frontend/keras/training/schedule.h"
#include "frontend/keras/training/traced/optimizer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

namespace lamina::frontend::keras {
namespace {

/// Optimizers that are refused for what they are, not for want of an entry.
struct RefusedOptimizer {
  const char *className;
  const char *reason;
};
const RefusedOptimizer kRefused[] = {
    {"LossScaleOptimizer", "it scales losses for training in half precision, which is not "
                           "supported; compile the model with the optimizer inside it"},
    {"MultiOptimizer", "it gives each variable an optimizer of its own; compile the model with one "
                       "of them"},
};

std::vector<std::string> mainNames() {
  std::vector<std::string> names;
  for (const OptimizerEntry &entry : optimizerEntries())
    names.push_back(entry.names.front());
  return names;
}

const OptimizerEntry *findLegacyOptimizer(const std::string &className) {
  for (const OptimizerEntry &entry : legacyOptimizerEntries())
    if (entry.names.front() == className)
      return &entry;
  return nullptr;
}

const OptimizerEntry &findOptimizer(const Place &where, const ObjectConfig &object) {
  const std::string &className = object.className;
  if (className == kTracedOptimizerClass)
    return tracedOptimizerEntry();
  if (object.module == "keras.optimizers.legacy")
    if (const OptimizerEntry *legacy = findLegacyOptimizer(className))
      return *legacy;
  std::string lower = llvm::StringRef(className).lower();
  for (const OptimizerEntry &entry : optimizerEntries())
    if (llvm::is_contained(entry.names, className) || llvm::is_contained(entry.names, lower))
      return entry;
  for (const RefusedOptimizer &refused : kRefused)
    if (llvm::StringRef(refused.className).equals_insensitive(className))
      where.fail(fmt::format("optimizer {} is refused: {}", refused.className, refused.reason));
  where.refuse(
      notSupported(fmt::format("optimizer '{}'", printable(className)), className, mainNames()));
}

void readClipping(Config &config, OptimizerSettings &settings) {
  auto positive = [&](const char *key) {
    std::optional<double> limit = config.optionalNumber(key);
    return limit && *limit > 0 ? limit : std::nullopt;
  };
  settings.clipNorm = positive("clipnorm");
  settings.globalClipNorm = positive("global_clipnorm");
  settings.clipValue = positive("clipvalue");
  if (int(settings.clipNorm.has_value()) + settings.globalClipNorm.has_value() +
          settings.clipValue.has_value() >
      1)
    config.fail("only one of 'clipnorm', 'clipvalue' and 'global_clipnorm' can be set");
}

std::optional<MovingAverageSettings> readMovingAverage(Config &config) {
  bool isUsed = config.boolean("use_ema", false);
  double momentum = config.number("ema_momentum", 0.99);
  std::optional<int64_t> frequency = config.optionalInteger("ema_overwrite_frequency");
  if (!isUsed)
    return std::nullopt;
  if (!(momentum >= 0 && momentum <= 1))
    config.fail(fmt::format("'ema_momentum' must be between 0 and 1, not {}", momentum));
  if (frequency && *frequency < 0)
    config.fail(fmt::format("'ema_overwrite_frequency' must be positive, not {}", *frequency));
  return MovingAverageSettings{momentum, frequency == 0 ? std::nullopt : frequency};
}

std::optional<int64_t> readAccumulation(Config &config) {
  std::optional<int64_t> steps = config.optionalInteger("gradient_accumulation_steps");
  if (steps.value_or(0) == 0)
    return std::nullopt;
  if (*steps < 2)
    config.fail(fmt::format("'gradient_accumulation_steps' must be at least 2, not {}", *steps));
  return steps;
}

/// The settings that all optimizers share (keras/src/optimizers/base_optimizer.py).
void readShared(Config &config, OptimizerSettings &settings) {
  settings.weightDecay = config.optionalNumber("weight_decay");
  readClipping(config, settings);
  settings.movingAverage = readMovingAverage(config);
  settings.accumulationSteps = readAccumulation(config);
  // The loss is multiplied by it and the gradients are divided by it: nothing in single precision.
  config.optionalNumber("loss_scale_factor");
}

} // namespace

OptimizerSettings readOptimizer(const Place &where, const nlohmann::json &value,
                                std::optional<double> rateOverride, bool onlyState) {
  ObjectConfig object = ObjectConfig::read(where, "the optimizer", value);
  OptimizerSettings settings;
  settings.place = {where.file, fmt::format("optimizer '{}'", printable(object.className))};
  const OptimizerEntry &entry = findOptimizer(where, object);
  for (const auto &[key, fallback] : entry.defaults.items())
    if (!object.config.contains(key))
      object.config[key] = fallback;
  Config config(object.config, settings.place);
  settings.name = config.text("name", entry.names.back());
  const nlohmann::json &rate = config.raw("learning_rate");
  bool isScheduled = rate.is_object() && !rateOverride;
  if (!isScheduled)
    settings.learningRate =
        rateOverride ? *rateOverride : config.number("learning_rate", entry.learningRate);
  readShared(config, settings);
  settings.update = entry.read(config);
  config.finish(entry.names.front());
  if (isScheduled)
    settings.schedule = onlyState ? Schedule() : readSchedule(settings.place, rate);
  return settings;
}

} // namespace lamina::frontend::keras
