#pragma once

#include <vector>

#include "session/session.h"

namespace lamina::session {

/// A full batch of random numbers: uniform in [0, 1) for inputs, classes for targets that have
/// them.
trainer::Dataset randomBatch(const Session &session);

/// Runs one function, the training step or the prediction, on the first batch again and again.
class Stepper {
public:
  /// `runner` and `data` must live longer.
  Stepper(trainer::ModelRunner &runner, const trainer::Dataset &data, bool train);

  /// Milliseconds of one step.
  double run();

private:
  trainer::ModelRunner &runner_;
  trainer::Batches batches_;
  bool train_;
  trainer::BatchLogs logs_;
  std::vector<frontend::Array> outputs_;
  std::vector<void *> pointers_;
  trainer::Batch batch_;
};

} // namespace lamina::session
