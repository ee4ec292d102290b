#include "trainer/callbacks/swap_averages.h"

namespace lamina::trainer {

namespace {

void swap(FitControl &control, bool areSwapped) {
  if (control.areAveragesSwapped == areSwapped)
    return;
  control.runner.swapAverages();
  control.areAveragesSwapped = areSwapped;
}

} // namespace

void SwapAverages::onTrainBegin(FitControl &control, const FitPosition &start) {
  // A checkpoint between epochs was written while they were swapped.
  control.areAveragesSwapped = onEpoch_ && start.epoch > 0 && start.step == 0;
}

void SwapAverages::onEpochBegin(FitControl &control, int64_t) {
  swap(control, false);
}

void SwapAverages::onTestBegin(FitControl &control) {
  swap(control, true);
}

void SwapAverages::onTestEnd(FitControl &control) {
  swap(control, false);
}

void SwapAverages::onEpochEnd(FitControl &control, int64_t epoch, Logs &) {
  if (!onEpoch_)
    return;
  swap(control, true);
  if (epoch == control.epochs - 1)
    control.runner.resetAverages();
}

} // namespace lamina::trainer
