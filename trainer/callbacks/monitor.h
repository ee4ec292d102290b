#pragma once

#include <optional>
#include <string>

#include "trainer/model_runner.h"

namespace lamina::trainer {

/// Whether a log is to become small or large; Auto: known from its name.
enum class MonitorMode { Auto, Min, Max };

struct MonitorOptions {
  std::string monitor = "val_loss"; ///< the log's name
  MonitorMode mode = MonitorMode::Auto;
  double minDelta = 0; ///< a smaller change is no improvement
};

/// A log that is watched for improvement (keras/src/callbacks/monitor_callback.py).
class Monitor {
public:
  /// `callback` is for messages. Throws UserError when the mode is Auto and the name does not tell.
  Monitor(const std::string &callback, const MonitorOptions &options);

  const std::string &name() const { return name_; }
  double read(const Logs &logs) const;
  /// Whether `value` is better than `reference`, by more than the least change; anything is better
  /// than nothing. Compares in single precision, as Keras does.
  bool isImprovement(double value, std::optional<double> reference) const;

private:
  std::string name_;
  bool wantsLarge_;
  double minDelta_;
};

} // namespace lamina::trainer
