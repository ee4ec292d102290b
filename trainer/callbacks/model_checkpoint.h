#pragma once

#include <functional>

#include "trainer/callbacks/callback.h"
#include "trainer/callbacks/monitor.h"

namespace lamina::trainer {

struct ModelCheckpointOptions {
  /// The file to write. Names in braces stand for the epoch (from 1) and the logs, formatted as
  /// Python's str.format does: "model-{epoch:02d}-{val_loss:.4f}.keras".
  std::string path;
  MonitorOptions monitor;
  bool savesBestOnly = false;      ///< only when the monitored log improved
  std::optional<double> threshold; ///< the first saved epoch has to be better
};

/// Writes the model after epochs (keras.callbacks.ModelCheckpoint).
class ModelCheckpoint : public FitCallback {
public:
  using Write = std::function<void(const std::string &path)>;

  /// `write` writes the model as it is.
  ModelCheckpoint(ModelCheckpointOptions options, Write write);

  void onTrainBegin(FitControl &control, const FitPosition &start) override;
  void onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) override;

private:
  bool isWorthSaving(const Logs &logs);

  ModelCheckpointOptions options_;
  std::optional<Monitor> monitor_; ///< where only the best are saved
  std::optional<double> best_;
  Write write_;
};

/// `path` with its names in braces replaced. Throws UserError for a name that is no log, and for a
/// format that does not fit.
std::string formatPath(const std::string &path, int64_t epoch, const Logs &logs);

} // namespace lamina::trainer
