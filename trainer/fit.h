#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "trainer/callbacks/running_logs.h"
#include "trainer/data/dataset.h"

namespace lamina::trainer {

struct FitOptions {
  int64_t epochs = 1; ///< in total, those before a resumed position included
  uint64_t seed = 0;  ///< of the shuffling
  bool shuffle = true;
  bool checkFinite = false; ///< all variables after every step, not the loss alone
  /// Once it is true, the training ends after the step at hand. Null: nobody stops it.
  const std::atomic<bool> *stop = nullptr;
  /// Evaluates validation data whose rows have another shape than those of the training data: the
  /// same model, compiled for them. Null: the runner that trains.
  ModelRunner *validator = nullptr;
};

/// The logs of every finished epoch, first epoch first. Validation logs begin with "val_".
using History = std::vector<Logs>;

/// The progress of training between two steps. Together with the model's state it determines the
/// rest of the training bit by bit.
struct FitPosition {
  int64_t epoch = 0;        ///< epochs finished
  int64_t step = 0;         ///< steps done of the epoch after those
  double rows = 0;          ///< rows seen in that epoch …
  std::vector<double> sums; ///< … and RunningLogs::sums of its steps
  History history;
};

/// The extent of a training run, for observers.
struct FitPlan {
  int64_t epochs = 0, stepsPerEpoch = 0;
  const FitPosition *start = nullptr;
};

/// Watches a training run: progress bar, logs, checkpoints. Epochs and steps count from 0; `step`
/// is the number of steps done in the epoch.
class FitObserver {
public:
  virtual ~FitObserver() = default;
  virtual void onTrainBegin(const FitPlan &plan) {}
  virtual void onEpochBegin(int64_t epoch) {}
  virtual void onStepEnd(int64_t epoch, int64_t step, const RunningLogs &logs) {}
  virtual void onEpochEnd(int64_t epoch, const Logs &logs) {}
  /// After every step and once more after every epoch (then `position.step` is 0): a point from
  /// which training can be resumed.
  virtual void onPosition(const ModelRunner &runner, const FitPosition &position) {}
  /// The training is stopped within an epoch (FitOptions::stop): it could go on from here.
  virtual void onInterrupted(const ModelRunner &runner, const FitPosition &position) {}
  virtual void onTrainEnd() {}
  /// Throws UserError when something is missing in what it writes. What cannot be written does not
  /// end a training: this is asked once the model is saved.
  virtual void requireWritten() const {}
};

class FitCallback;

/// Trains as Keras' `fit` does: every epoch runs over all rows in a new random order (or in file
/// order), the last batch of an epoch is smaller, an epoch's logs are those of all its rows, each
/// batch's taken before its update. `validation` may be null. The history holds the epochs of the
/// start position too. Callbacks take part in their order; at the end moving averages take the
/// variables' places. Throws NonFiniteError (trainer/rewind.h) when a loss is not finite, or what
/// the last step has made of a variable.
History fit(ModelRunner &runner, const Dataset &training, const Dataset *validation,
            const FitOptions &options, const std::vector<FitObserver *> &observers = {},
            const FitPosition &start = {}, const std::vector<FitCallback *> &callbacks = {});

/// The evaluation logs of all rows.
Logs evaluate(ModelRunner &runner, const Dataset &data);

/// The outputs for all rows, one array per output in model order.
std::vector<frontend::Array> predict(ModelRunner &runner, const Dataset &data);

} // namespace lamina::trainer
