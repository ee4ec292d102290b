#include "frontend/keras/optimizer.h"

#include "frontend/keras/optimizers/optimizers.h"

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
  for (const OptimizerEntry *entry :
       {&legacyRMSpropOptimizer, &legacyAdagradOptimizer, &legacyNadamOptimizer})
    if (entry->names.front() == className)
      return entry;
  return nullptr;
}

const OptimizerEntry &findOptimizer(const Place &where, const ObjectConfig &object) {
  const std::string &className = object.className;
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
  where.fail(
      notSupported(fmt::format("optimizer '{}'", printable(className)), className, mainNames()));
}

std::string underscored(std::string path) {
  std::replace(path.begin(), path.end(), '/', '_');
  return path;
}

} // namespace

const std::vector<OptimizerEntry> &optimizerEntries() {
  static const std::vector<OptimizerEntry> entries = {
      sgdOptimizer,      rmspropOptimizer,
      adamOptimizer,     adamWOptimizer,
      adadeltaOptimizer, adagradOptimizer,
      adamaxOptimizer,   adafactorOptimizer,
      nadamOptimizer,    ftrlOptimizer,
      lionOptimizer,     lambOptimizer,
      muonOptimizer,     scheduleFreeAdamWOptimizer};
  return entries;
}

SlotGroups slotsLike(const Variable &variable, std::initializer_list<const char *> names,
                     double initial) {
  std::vector<Slot> group;
  for (const char *name : names)
    group.push_back({name, variable.shape, initial});
  return {group};
}

Optimizer::Optimizer(const Place &where, const nlohmann::json &value,
                     std::optional<double> rateOverride)
    : place(where) {
  ObjectConfig object = ObjectConfig::read(where, "the optimizer", value);
  place.part = fmt::format("optimizer '{}'", printable(object.className));
  const OptimizerEntry &entry = findOptimizer(where, object);
  for (const auto &[key, fallback] : entry.defaults.items())
    if (!object.config.contains(key))
      object.config[key] = fallback;
  Config config(object.config, place);
  name = config.text("name", entry.names.back());
  const nlohmann::json &rate = config.raw("learning_rate");
  if (rate.is_object() && !rateOverride)
    schedule = rate;
  else
    learningRate =
        rateOverride ? *rateOverride : config.number("learning_rate", entry.learningRate);
  weightDecay = config.optionalNumber("weight_decay");
  readClipping(config);
  readMovingAverage(config);
  readAccumulation(config);
  // The loss is multiplied by it and the gradients are divided by it: nothing in single precision.
  config.optionalNumber("loss_scale_factor");
  meaning = entry.create(config);
  config.finish(entry.names.front());
}

void Optimizer::readClipping(Config &config) {
  auto positive = [&](const char *key) {
    std::optional<double> limit = config.optionalNumber(key);
    return limit && *limit > 0 ? limit : std::nullopt;
  };
  clipNorm = positive("clipnorm");
  globalClipNorm = positive("global_clipnorm");
  clipValue = positive("clipvalue");
  if (int(clipNorm.has_value()) + globalClipNorm.has_value() + clipValue.has_value() > 1)
    config.fail("only one of 'clipnorm', 'clipvalue' and 'global_clipnorm' can be set");
}

void Optimizer::readMovingAverage(Config &config) {
  bool isUsed = config.boolean("use_ema", false);
  double momentum = config.number("ema_momentum", 0.99);
  std::optional<int64_t> frequency = config.optionalInteger("ema_overwrite_frequency");
  if (!isUsed)
    return;
  if (!(momentum >= 0 && momentum <= 1))
    config.fail(fmt::format("'ema_momentum' must be between 0 and 1, not {}", momentum));
  if (frequency && *frequency < 0)
    config.fail(fmt::format("'ema_overwrite_frequency' must be positive, not {}", *frequency));
  ema = MovingAverage{momentum, frequency == 0 ? std::nullopt : frequency};
}

void Optimizer::readAccumulation(Config &config) {
  std::optional<int64_t> steps = config.optionalInteger("gradient_accumulation_steps");
  if (steps.value_or(0) == 0)
    return;
  if (*steps < 2)
    config.fail(fmt::format("'gradient_accumulation_steps' must be at least 2, not {}", *steps));
  accumulationSteps = steps;
}

const Variable *Optimizer::declare(const Slot &slot) {
  auto variable = std::make_unique<Variable>();
  variable->symbol = name + "/" + slot.name;
  variable->path = fmt::format("optimizer/vars/{}", variables.size());
  variable->owner = place.part;
  variable->training = slot.training;
  variable->type = slot.type;
  variable->shape = slot.shape;
  variable->initializer = ConstantInitializer{{slot.initial}};
  return variables.emplace_back(std::move(variable)).get();
}

const Variable *Optimizer::declareFor(const Trained &entry, const Slot &slot) {
  Slot named = slot;
  named.name = underscored(entry.variable->symbol) + "_" + slot.name;
  if (slot.type == ElementType::F32)
    named.type = entry.variable->type;
  return declare(named);
}

void Optimizer::declareVariables(llvm::ArrayRef<const LayerVariable *> trainable) {
  iteration = declare({"iteration", {}, 0, ElementType::I64, ir::VariableRole::Iteration});
  if (schedule.is_null())
    learningRateVariable = declare(
        {"learning_rate", {}, learningRate, ElementType::F32, ir::VariableRole::LearningRate});
  for (const LayerVariable *variable : trainable)
    trained.push_back({variable});
  if (ema)
    for (Trained &entry : trained)
      entry.average = declareFor(entry, {"average", entry.variable->shape});
  if (accumulationSteps)
    for (Trained &entry : trained)
      entry.accumulator = declareFor(entry, {"gradient_accumulator", entry.variable->shape});
  declareSlots();
}

void Optimizer::declareSlots() {
  std::vector<SlotGroups> groups;
  for (const Trained &entry : trained)
    groups.push_back(meaning->getSlotGroups(*entry.variable));
  for (size_t group = 0; !groups.empty() && group < groups.front().size(); ++group)
    for (auto [entry, own] : llvm::zip_equal(trained, groups))
      for (const Slot &slot : own[group])
        entry.slots.push_back(declareFor(entry, slot));
  for (Slot slot : meaning->getSharedSlots()) {
    if (!trained.empty())
      slot.type = trained.front().variable->type;
    shared.push_back(declare(slot));
  }
}

std::vector<std::pair<const Variable *, const Variable *>> Optimizer::getAverages() const {
  std::vector<std::pair<const Variable *, const Variable *>> averages;
  for (const Trained &entry : trained)
    if (entry.average)
      averages.push_back({entry.variable, entry.average});
  return averages;
}

} // namespace lamina::frontend::keras
