#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "trainer/callbacks/callback.h"
#include "trainer/callbacks/early_stopping.h"
#include "trainer/callbacks/learning_rate.h"
#include "trainer/callbacks/model_checkpoint.h"

namespace lamina::tools {

/// The options of `lamina train` that mean what Keras' callbacks of these names mean.
struct CallbackOptions {
  std::optional<std::string> earlyStopping, reduceOnPlateau, modelCheckpoint, rateScheduler,
      swapAverages;

  void add(CLI::App &command);
};

/// The callbacks of a training run, from their options.
class Callbacks {
public:
  /// Reads the options. `logs` are the names that epochs will have logs of. Throws UserError for
  /// settings and monitors that do not exist.
  Callbacks(const CallbackOptions &options, std::vector<std::string> logs, bool reports);

  /// The path of --model-checkpoint, before names in braces are filled in; empty without it.
  std::string checkpointPath() const { return checkpoint_ ? checkpoint_->path : ""; }
  bool restoresBest() const { return earlyStopping_ && earlyStopping_->restoreBest; }

  /// Makes them, in the order in which they are called. `write` writes the model to a file.
  std::vector<std::unique_ptr<trainer::FitCallback>>
  create(const trainer::ModelRunner &runner, const trainer::ModelCheckpoint::Write &write) const;

private:
  void readEarlyStopping(const std::string &text);
  void readPlateau(const std::string &text);
  void readCheckpoint(const std::string &text);
  void readScheduler(const std::string &text);
  void readSwap(const std::string &text);
  trainer::MonitorOptions readMonitor(class SettingList &settings, const char *option,
                                      double minDelta) const;
  void requireFor(const trainer::ModelRunner &runner) const;

  std::vector<std::string> logs_;
  bool reports_;
  std::optional<trainer::EarlyStoppingOptions> earlyStopping_;
  std::optional<trainer::PlateauOptions> plateau_;
  std::optional<trainer::ModelCheckpointOptions> checkpoint_;
  std::optional<trainer::RateSchedule> scheduler_;
  std::optional<bool> swapsOnEpoch_;
};

} // namespace lamina::tools
