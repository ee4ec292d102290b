#pragma once

#include <map>

#include "trainer/callbacks/callback.h"
#include "trainer/callbacks/monitor.h"

/// Callbacks that set the learning rate by epochs. Both add it to the logs as "learning_rate".
namespace lamina::trainer {

struct PlateauOptions {
  MonitorOptions monitor{.minDelta = 1e-4};
  double factor = 0.1; ///< below 1
  int64_t patience = 10;
  int64_t cooldown = 0; ///< epochs after a reduction that do not count
  double minRate = 0;
  bool reports = false; ///< says on stderr what it did
};

/// Multiplies the learning rate when the monitored log does not improve
/// (keras.callbacks.ReduceLROnPlateau).
class ReduceOnPlateau : public FitCallback {
public:
  explicit ReduceOnPlateau(PlateauOptions options);

  void onTrainBegin(FitControl &control, const FitPosition &start) override;
  void onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) override;

private:
  /// Takes notice of an epoch that had learning rate `rate`; the rate of the next one.
  double count(const Logs &logs, double rate);

  PlateauOptions options_;
  Monitor monitor_;
  std::optional<double> best_;
  int64_t wait_ = 0, cooldown_ = 0;
};

/// A function from the epoch and the learning rate before it to that of the epoch.
struct RateSchedule {
  std::map<int64_t, double> rates; ///< from this epoch on
  double factor = 1;               ///< the rate is multiplied by it before every epoch …
  int64_t startFromEpoch = 0;      ///< … from this one on

  double at(int64_t epoch, double rate) const;
};

/// Sets the learning rate before every epoch (keras.callbacks.LearningRateScheduler).
class RateScheduler : public FitCallback {
public:
  explicit RateScheduler(RateSchedule schedule) : schedule_(std::move(schedule)) {}

  void onEpochBegin(FitControl &control, int64_t epoch) override;
  void onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) override;

private:
  RateSchedule schedule_;
};

} // namespace lamina::trainer
