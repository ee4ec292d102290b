// The settings of each optimizer class: keras/src/optimizers/
#include "frontend/keras/training/optimizer.h"

namespace lamina::frontend::keras {
namespace {

UpdateSettings readSgd(Config &config) {
  double momentum = config.number("momentum", 0);
  if (!(momentum >= 0 && momentum <= 1))
    config.fail(fmt::format("'momentum' must be between 0 and 1, not {}", momentum));
  return SgdSettings{momentum, config.boolean("nesterov", false)};
}

RmspropSettings readRmspropSettings(Config &config) {
  RmspropSettings settings;
  settings.rho = config.number("rho", settings.rho);
  settings.momentum = config.number("momentum", settings.momentum);
  settings.epsilon = config.number("epsilon", settings.epsilon);
  settings.isCentered = config.boolean("centered", settings.isCentered);
  return settings;
}

UpdateSettings readRmsprop(Config &config) {
  return readRmspropSettings(config);
}

UpdateSettings readLegacyRmsprop(Config &config) {
  RmspropSettings settings = readRmspropSettings(config);
  settings.addsToRoot = settings.momentum == 0;
  return settings;
}

/// Settings with the coefficients that optimizers after Adam have.
template <typename Settings> Settings readMoments(Config &config) {
  Settings settings;
  settings.beta1 = config.number("beta_1", settings.beta1);
  settings.beta2 = config.number("beta_2", settings.beta2);
  settings.epsilon = config.number("epsilon", settings.epsilon);
  return settings;
}

UpdateSettings readAdam(Config &config) {
  auto settings = readMoments<AdamSettings>(config);
  settings.isAmsgrad = config.boolean("amsgrad", false);
  return settings;
}

template <typename Settings> UpdateSettings readMomentsAlone(Config &config) {
  return readMoments<Settings>(config);
}

/// keras.optimizers.legacy.Nadam (Keras 2): `schedule_decay` is the pace.
UpdateSettings readLegacyNadam(Config &config) {
  auto settings = readMoments<NadamSettings>(config);
  settings.pace = config.number("schedule_decay", 0.004);
  return settings;
}

UpdateSettings readAdadelta(Config &config) {
  return AdadeltaSettings{config.number("rho", 0.95), config.number("epsilon", 1e-7)};
}

template <bool isLegacy> UpdateSettings readAdagrad(Config &config) {
  return AdagradSettings{config.number("initial_accumulator_value", 0.1),
                         config.number("epsilon", 1e-7), isLegacy};
}

UpdateSettings readAdafactor(Config &config) {
  // The rate is limited to 1 / sqrt(t) in any case.
  config.ignore({"relative_step"});
  return AdafactorSettings{config.number("beta_2_decay", -0.8), config.number("epsilon_1", 1e-30),
                           config.number("epsilon_2", 1e-3), config.number("clip_threshold", 1)};
}

UpdateSettings readFtrl(Config &config) {
  FtrlSettings settings;
  settings.exponent = -config.number("learning_rate_power", -0.5);
  settings.initial = config.number("initial_accumulator_value", 0.1);
  settings.l1 = config.number("l1_regularization_strength", 0);
  settings.l2 = config.number("l2_regularization_strength", 0);
  settings.shrinkage = config.number("l2_shrinkage_regularization_strength", 0);
  settings.beta = config.number("beta", 0);
  if (settings.exponent < 0)
    config.fail(
        fmt::format("'learning_rate_power' must not be positive, not {}", -settings.exponent));
  if (settings.initial < 0 || settings.l1 < 0 || settings.l2 < 0 || settings.shrinkage < 0)
    config.fail("the initial accumulator and the regularization strengths must not be negative");
  return settings;
}

UpdateSettings readLion(Config &config) {
  LionSettings settings{config.number("beta_1", 0.9), config.number("beta_2", 0.99)};
  if (!(settings.beta1 > 0 && settings.beta1 <= 1))
    config.fail(fmt::format("'beta_1' must be above 0 and at most 1, not {}", settings.beta1));
  return settings;
}

/// Keras takes the keywords as regular expressions; only plain text is understood here.
std::vector<std::string> readKeywords(Config &config, const char *key) {
  std::vector<std::string> keywords;
  const nlohmann::json &value = config.raw(key);
  bool isPlain = value.is_null() || value.is_array();
  for (const nlohmann::json &keyword : value) {
    isPlain &= keyword.is_string();
    if (isPlain)
      keywords.push_back(keyword.get<std::string>());
  }
  for (const std::string &keyword : keywords)
    isPlain &= keyword.find_first_of("^$.*+?{}[]\\|()") == std::string::npos;
  if (!isPlain)
    config.fail(fmt::format("'{}' must be a list of plain parts of layer names; regular "
                            "expressions are not supported",
                            key));
  return keywords;
}

UpdateSettings readMuon(Config &config) {
  MuonSettings settings;
  settings.momentum = config.number("momentum", 0.95);
  settings.isNesterov = config.boolean("nesterov", true);
  settings.a = config.number("muon_a", 3.4445);
  settings.b = config.number("muon_b", -4.7750);
  settings.c = config.number("muon_c", 2.0315);
  settings.steps = config.integer("ns_steps", 5);
  settings.rmsRate = config.optionalNumber("rms_rate");
  settings.excludesEmbeddings = config.boolean("exclude_embeddings", true);
  settings.excludedNames = readKeywords(config, "exclude_layers");
  settings.beta1 = config.number("adam_beta_1", 0.9);
  settings.beta2 = config.number("adam_beta_2", 0.999);
  settings.epsilon = config.number("epsilon", 1e-7);
  settings.adamRateRatio = config.number("adam_lr_ratio", 1);
  settings.adamWeightDecay = config.optionalNumber("adam_weight_decay");
  constexpr int64_t kMostSteps = 100;
  if (settings.steps < 0 || settings.steps > kMostSteps)
    config.fail(fmt::format("'ns_steps' must be from 0 to {}, not {}", kMostSteps, settings.steps));
  return settings;
}

UpdateSettings readScheduleFreeAdamW(Config &config) {
  auto settings = readMoments<ScheduleFreeAdamWSettings>(config);
  settings.warmupSteps = config.number("warmup_steps", 0);
  return settings;
}

const nlohmann::json kNoDefaults = nlohmann::json::object();

} // namespace

const std::vector<OptimizerEntry> &optimizerEntries() {
  static const std::vector<OptimizerEntry> entries = {
      {{"SGD", "sgd"}, 0.01, kNoDefaults, readSgd},
      {{"RMSprop", "rmsprop"}, 0.001, kNoDefaults, readRmsprop},
      {{"Adam", "adam"}, 0.001, kNoDefaults, readAdam},
      {{"AdamW", "adamw"}, 0.001, {{"weight_decay", 0.004}}, readAdam},
      {{"Adadelta", "adadelta"}, 0.001, kNoDefaults, readAdadelta},
      {{"Adagrad", "adagrad"}, 0.001, kNoDefaults, readAdagrad<false>},
      {{"Adamax", "adamax"}, 0.001, kNoDefaults, readMomentsAlone<AdamaxSettings>},
      {{"Adafactor", "adafactor"}, 0.001, kNoDefaults, readAdafactor},
      {{"Nadam", "nadam"}, 0.001, kNoDefaults, readMomentsAlone<NadamSettings>},
      {{"Ftrl", "ftrl"}, 0.001, kNoDefaults, readFtrl},
      {{"Lion", "lion"}, 0.001, kNoDefaults, readLion},
      {{"Lamb", "lamb"}, 0.001, kNoDefaults, readMomentsAlone<LambSettings>},
      {{"Muon", "muon"},
       0.001,
       {{"weight_decay", 0.004}, {"adam_weight_decay", 0.004}, {"rms_rate", 0.2}},
       readMuon},
      {{"ScheduleFreeAdamW", "schedulefreeadamw"}, 0.0025, kNoDefaults, readScheduleFreeAdamW}};
  return entries;
}

const std::vector<OptimizerEntry> &legacyOptimizerEntries() {
  static const std::vector<OptimizerEntry> entries = {
      {{"RMSprop", "rmsprop"}, 0.001, kNoDefaults, readLegacyRmsprop},
      {{"Adagrad", "adagrad"}, 0.001, kNoDefaults, readAdagrad<true>},
      {{"Nadam", "nadam"}, 0.001, kNoDefaults, readLegacyNadam}};
  return entries;
}

} // namespace lamina::frontend::keras
