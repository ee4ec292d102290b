#pragma once

#include "trainer/callbacks/callback.h"
#include "trainer/callbacks/monitor.h"

namespace lamina::trainer {

struct EarlyStoppingOptions {
  MonitorOptions monitor;
  int64_t patience = 0;           ///< epochs without improvement that are borne
  std::optional<double> baseline; ///< an epoch counts as improvement only when better than this
  int64_t startFromEpoch = 0;     ///< epochs before this one do not count
  bool restoreBest = false;       ///< the best epoch's weights are the training's
  bool reports = false;           ///< says on stderr what it did
};

/// Ends a training whose monitored log does not improve (keras.callbacks.EarlyStopping).
class EarlyStopping : public FitCallback {
public:
  explicit EarlyStopping(EarlyStoppingOptions options);

  void onTrainBegin(FitControl &control, const FitPosition &start) override;
  void onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) override;
  void onTrainEnd(FitControl &control) override;

private:
  /// Takes notice of an epoch; whether it is the one to keep the weights of.
  bool count(int64_t epoch, const Logs &logs);

  EarlyStoppingOptions options_;
  Monitor monitor_;
  std::optional<double> best_;
  std::optional<int64_t> bestEpoch_, stoppedEpoch_;
  int64_t wait_ = 0;
  std::vector<frontend::Array> bestState_;
};

} // namespace lamina::trainer
