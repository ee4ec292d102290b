#pragma once

#include <cstdint>

#include "trainer/fit.h"

namespace lamina::trainer {

/// The controls of a running training that callbacks have.
struct FitControl {
  ModelRunner &runner;
  int64_t epochs = 0;      ///< of the whole training
  bool isStopping = false; ///< set: no epoch follows the one at hand
  /// Whether a callback has left variables and their moving averages in each other's places.
  bool areAveragesSwapped = false;
};

/// Takes part in a training run as a keras.callbacks.Callback does: it may change the state between
/// epochs, the logs of an epoch, and end the training. Epochs count from 0.
class FitCallback {
public:
  virtual ~FitCallback() = default;
  /// Whether it changes variables other than the learning rate before the training ends.
  virtual bool changesVariables() const { return false; }
  /// Before the first epoch. `start` has the history of the epochs that an earlier run did, from
  /// which the callback finds what it knew at their end.
  virtual void onTrainBegin(FitControl &control, const FitPosition &start) {}
  virtual void onEpochBegin(FitControl &control, int64_t epoch) {}
  /// Around the evaluation of validation data.
  virtual void onTestBegin(FitControl &control) {}
  virtual void onTestEnd(FitControl &control) {}
  /// `logs` are the epoch's; those who watch the training see what a callback makes of them.
  virtual void onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) {}
  /// After moving averages have taken the variables' places.
  virtual void onTrainEnd(FitControl &control) {}
};

} // namespace lamina::trainer
