#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "trainer/fit.h"

namespace lamina::trainer {

/// As Keras' `verbose`: nothing, a bar that moves, or two lines for every epoch.
enum class Verbosity { Silent = 0, Bar = 1, Lines = 2 };

/// Progress of training in the form of keras.utils.Progbar, written to `stream`. When it goes away
/// in the middle of a bar, it ends the line, so that an error begins a line of its own. What the
/// stream does not take is left out.
class Progress : public FitObserver {
public:
  Progress(std::FILE *stream, Verbosity verbosity) : stream_(stream), verbosity_(verbosity) {}
  ~Progress() override;

  void onTrainBegin(const FitPlan &plan) override;
  void onEpochBegin(int64_t epoch) override;
  void onStepEnd(int64_t epoch, int64_t step, const RunningLogs &logs) override;
  void onEpochEnd(int64_t epoch, const Logs &logs) override;

private:
  using Clock = std::chrono::steady_clock;

  void write(const std::string &text);
  void drawBar(int64_t step, const Logs &logs, bool last);
  double secondsPerStep(Clock::time_point now) const;

  std::FILE *stream_;
  Verbosity verbosity_;
  int64_t epochs_ = 0, steps_ = 0, stepsDone_ = 0;
  Clock::time_point epochStart_, firstStepEnd_, lastDrawing_;
  size_t lastWidth_ = 0;
  bool lineOpen_ = false;
};

/// " - accuracy: 0.9123 - loss: 3.1000e-04": four digits, small values with an exponent.
std::string formatLogs(const Logs &logs);

/// "2ms/step", with the unit that fits.
std::string formatStepTime(double seconds);

} // namespace lamina::trainer
