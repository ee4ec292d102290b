#pragma once

#include <chrono>
#include <string>

#include "support/append_file.h"
#include "trainer/callbacks/write_failure.h"
#include "trainer/fit.h"

namespace lamina::trainer {

/// One line of JSON for every epoch: {"epoch": 0, "loss": …, "seconds": 1.5}, the logs sorted by
/// name, those that are not finite null, and how long the epoch took. A resumed run writes the
/// epochs before again, without seconds. A line that cannot be written comes with a later one.
class JsonLog : public FitObserver {
public:
  /// Throws UserError `cannot write PATH: reason`.
  explicit JsonLog(const std::string &path);

  void onTrainBegin(const FitPlan &plan) override;
  void onEpochBegin(int64_t epoch) override { began_ = std::chrono::steady_clock::now(); }
  void onEpochEnd(int64_t epoch, const Logs &logs) override;
  void requireWritten() const override { failure_.raise(); }

private:
  void writeLine(int64_t epoch, const Logs &logs, double seconds);

  AppendFile file_;
  WriteFailure failure_;
  std::chrono::steady_clock::time_point began_;
};

} // namespace lamina::trainer
