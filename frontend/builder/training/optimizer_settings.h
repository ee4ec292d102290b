#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "frontend/builder/place.h"
#include "frontend/builder/training/schedule.h"

/// Optimizers as an importer describes them. The formulas are with the update rules in
/// frontend/builder/training/optimizers/; defaults are Keras'.
namespace lamina::frontend::builder {

struct SgdSettings {
  double momentum = 0;
  bool isNesterov = false;
};

struct RmspropSettings {
  double rho = 0.9, momentum = 0, epsilon = 1e-7;
  bool isCentered = false;
  bool addsToRoot = false; ///< the epsilon is added to the root, not to what it is taken of
};

/// Adam, and with a weight decay AdamW.
struct AdamSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
  bool isAmsgrad = false;
};

struct AdamaxSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
};

struct NadamSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
  double pace = 1; ///< of the momentum's growth over the steps
};

struct AdadeltaSettings {
  double rho = 0.95, epsilon = 1e-7;
};

struct AdagradSettings {
  double initial = 0.1, epsilon = 1e-7;
  bool addsToRoot = false; ///< as RMSprop's
};

struct AdafactorSettings {
  double decay = -0.8, epsilon1 = 1e-30, epsilon2 = 1e-3, threshold = 1;
};

struct FtrlSettings {
  double exponent = 0.5; ///< not negative: that of the accumulated squares
  double initial = 0.1, l1 = 0, l2 = 0, shrinkage = 0, beta = 0;
};

struct LionSettings {
  double beta1 = 0.9, beta2 = 0.99;
};

struct LambSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
};

struct MuonSettings {
  double momentum = 0.95;
  bool isNesterov = true;
  double a = 3.4445, b = -4.7750, c = 2.0315; ///< of the Newton-Schulz steps
  int64_t steps = 5;
  std::optional<double> rmsRate = 0.2;
  /// Of the variables that Adam updates: all but matrices, and matrices whose symbol contains
  /// "embedding" (in any case) or one of these texts.
  bool excludesEmbeddings = true;
  std::vector<std::string> excludedNames = {};
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, adamRateRatio = 1;
  std::optional<double> adamWeightDecay = 0.004;
};

struct ScheduleFreeAdamWSettings {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, warmupSteps = 0;
};

class UpdateRule;

/// A rule that an importer brings along.
struct OtherSettings {
  std::function<std::unique_ptr<UpdateRule>()> create;
};

using UpdateSettings =
    std::variant<SgdSettings, RmspropSettings, AdamSettings, AdamaxSettings, NadamSettings,
                 AdadeltaSettings, AdagradSettings, AdafactorSettings, FtrlSettings, LionSettings,
                 LambSettings, MuonSettings, ScheduleFreeAdamWSettings, OtherSettings>;

/// Moving averages of the variables' values.
struct MovingAverageSettings {
  double momentum;
  std::optional<int64_t> overwriteFrequency; ///< in updates; nothing: at the end alone
};

/// An update rule with the settings that all optimizers share.
struct OptimizerSettings {
  Place place;      ///< for messages
  std::string name; ///< the beginning of its variables' symbols
  UpdateSettings update;
  double learningRate = 0;                             ///< the variable's first value
  std::optional<Schedule> schedule = std::nullopt;     ///< in place of that variable
  std::optional<double> weightDecay = std::nullopt;    ///< decoupled: w -= w decay rate
  std::optional<double> clipNorm = std::nullopt;       ///< of each variable's gradient
  std::optional<double> globalClipNorm = std::nullopt; ///< of all together
  std::optional<double> clipValue = std::nullopt;      ///< of each element
  std::optional<MovingAverageSettings> movingAverage = std::nullopt;
  /// Batches whose mean gradient makes one update.
  std::optional<int64_t> accumulationSteps = std::nullopt;
};

} // namespace lamina::frontend::builder
