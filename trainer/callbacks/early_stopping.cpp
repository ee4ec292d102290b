#include "trainer/callbacks/early_stopping.h"

#include <utility>

#include "support/error.h"
#include "support/output.h"

namespace lamina::trainer {

EarlyStopping::EarlyStopping(EarlyStoppingOptions options)
    : options_(std::move(options)), monitor_("--early-stopping", options_.monitor) {}

void EarlyStopping::onTrainBegin(FitControl &control, const FitPosition &start) {
  for (size_t epoch = 0; epoch < start.history.size(); ++epoch)
    count(static_cast<int64_t>(epoch), start.history[epoch]);
  control.isStopping |= stoppedEpoch_.has_value();
}

bool EarlyStopping::count(int64_t epoch, const Logs &logs) {
  if (epoch < options_.startFromEpoch)
    return false;
  double value = monitor_.read(logs);
  bool isFirst = !bestEpoch_;
  ++wait_;
  if (monitor_.isImprovement(value, best_)) {
    best_ = value;
    bestEpoch_ = epoch;
    if (!options_.baseline || monitor_.isImprovement(value, options_.baseline))
      wait_ = 0;
    return true;
  }
  if (isFirst)
    bestEpoch_ = epoch;
  if (wait_ >= options_.patience && epoch > 0)
    stoppedEpoch_ = epoch;
  return isFirst;
}

void EarlyStopping::onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) {
  if (count(epoch, logs) && options_.restoreBest)
    bestState_ = control.runner.saveAll();
  control.isStopping |= stoppedEpoch_.has_value();
}

void EarlyStopping::onTrainEnd(FitControl &control) {
  if (stoppedEpoch_ && options_.reports)
    note("Epoch {}: early stopping\n", *stoppedEpoch_ + 1);
  if (bestState_.empty())
    return;
  if (options_.reports)
    note("Restoring model weights from the end of the best epoch: {}.\n", *bestEpoch_ + 1);
  control.runner.loadModel(bestState_);
}

} // namespace lamina::trainer
