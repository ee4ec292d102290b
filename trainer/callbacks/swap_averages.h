#pragma once

#include "trainer/callbacks/callback.h"

namespace lamina::trainer {

/// Evaluates with the optimizer's moving averages in the variables' places
/// (keras.callbacks.SwapEMAWeights). With `onEpoch` they are also there from the end of an epoch
/// to the beginning of the next one, for callbacks that follow.
class SwapAverages : public FitCallback {
public:
  explicit SwapAverages(bool onEpoch) : onEpoch_(onEpoch) {}

  bool changesVariables() const override { return true; }
  void onTrainBegin(FitControl &control, const FitPosition &start) override;
  void onEpochBegin(FitControl &control, int64_t epoch) override;
  void onTestBegin(FitControl &control) override;
  void onTestEnd(FitControl &control) override;
  void onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) override;

private:
  bool onEpoch_;
};

} // namespace lamina::trainer
