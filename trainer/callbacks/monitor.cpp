#include "trainer/callbacks/monitor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "support/error.h"

namespace lamina::trainer {

namespace {

/// Ends of the names of Keras' metrics that are better when they are larger, and of those that are
/// better when they are smaller (`_direction` of the classes in keras/src/metrics/).
constexpr std::array kLarge = {"accuracy",
                               "acc",
                               "auc",
                               "precision",
                               "recall",
                               "precision",
                               "f1_score",
                               "fbeta_score",
                               "r2_score",
                               "io_u",
                               "iou",
                               "cosine_similarity",
                               "true_positives",
                               "true_negatives",
                               "correlation",
                               "specificity",
                               "sensitivity"};
constexpr std::array kSmall = {"loss",           "error", "mse",          "mae",
                               "mape",           "msle",  "crossentropy", "cross_entropy",
                               "hinge",          "huber", "logcosh",      "log_cosh",
                               "kl_divergence",  "kld",   "poisson",      "false_positives",
                               "false_negatives"};

template <typename Names> bool endsInOneOf(const std::string &name, const Names &ends) {
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) {
    return name == end || name.ends_with("_" + std::string(end));
  });
}

bool wantsLarge(const std::string &callback, const MonitorOptions &options) {
  if (options.mode != MonitorMode::Auto)
    return options.mode == MonitorMode::Max;
  bool isLarge = endsInOneOf(options.monitor, kLarge);
  if (!isLarge && !endsInOneOf(options.monitor, kSmall))
    fail("{}: the name '{}' does not tell whether it is to become small or large; add mode=min or "
         "mode=max",
         callback, printable(options.monitor));
  return isLarge;
}

} // namespace

Monitor::Monitor(const std::string &callback, const MonitorOptions &options)
    : name_(options.monitor), wantsLarge_(wantsLarge(callback, options)),
      minDelta_(std::abs(options.minDelta)) {}

double Monitor::read(const Logs &logs) const {
  return static_cast<float>(logs.at(name_));
}

bool Monitor::isImprovement(double value, std::optional<double> reference) const {
  if (!reference)
    return true;
  auto limit = static_cast<float>(*reference);
  return wantsLarge_ ? static_cast<float>(value - minDelta_) > limit
                     : static_cast<float>(value + minDelta_) < limit;
}

} // namespace lamina::trainer
