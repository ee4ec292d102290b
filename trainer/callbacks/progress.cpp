#include "trainer/callbacks/progress.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace lamina::trainer {

namespace {

constexpr int kBarCells = 20;
constexpr auto kRedrawInterval = std::chrono::milliseconds(50);

std::string repeat(const char *text, int64_t times) {
  std::string result;
  for (int64_t i = 0; i < times; ++i)
    result += text;
  return result;
}

std::string bold(const std::string &text) {
  return "\x1b[1m" + text + "\x1b[0m";
}

std::string formatDuration(double seconds) {
  auto whole = static_cast<int64_t>(seconds);
  if (seconds > 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60);
  if (seconds > 60)
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

double secondsBetween(std::chrono::steady_clock::time_point a,
                      std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

} // namespace

std::string formatLogs(const Logs &logs) {
  // Keras shows the training logs first, then the validation logs, each sorted by name.
  std::string training, validation;
  for (const auto &[name, value] : logs) {
    std::string &part = name.starts_with("val_") ? validation : training;
    part += std::abs(value) > 1e-3 ? fmt::format(" - {}: {:.4f}", name, value)
                                   : fmt::format(" - {}: {:.4e}", name, value);
  }
  return training + validation;
}

std::string formatStepTime(double seconds) {
  if (seconds >= 1 || seconds == 0)
    return fmt::format("{:.0f}s/step", seconds);
  if (seconds >= 1e-3)
    return fmt::format("{:.0f}ms/step", seconds * 1e3);
  return fmt::format("{:.0f}us/step", seconds * 1e6);
}

Progress::~Progress() {
  if (lineOpen_)
    write("\n");
}

void Progress::write(const std::string &text) {
  std::fputs(text.c_str(), stream_);
  std::fflush(stream_);
}

void Progress::onTrainBegin(const FitPlan &plan) {
  epochs_ = plan.epochs;
  steps_ = plan.stepsPerEpoch;
}

void Progress::onEpochBegin(int64_t epoch) {
  stepsDone_ = 0;
  epochStart_ = lastDrawing_ = Clock::now();
  if (verbosity_ != Verbosity::Silent)
    write(fmt::format("Epoch {}/{}\n", epoch + 1, epochs_));
}

/// The first step of an epoch is left out, as soon as there are others.
double Progress::secondsPerStep(Clock::time_point now) const {
  if (stepsDone_ > 1)
    return secondsBetween(firstStepEnd_, now) / static_cast<double>(stepsDone_ - 1);
  return stepsDone_ == 1 ? secondsBetween(epochStart_, now) : 0.0;
}

void Progress::onStepEnd(int64_t, int64_t step, const RunningLogs &logs) {
  if (verbosity_ == Verbosity::Silent)
    return;
  auto now = Clock::now();
  if (++stepsDone_ == 1)
    firstStepEnd_ = now;
  if (verbosity_ != Verbosity::Bar || now - lastDrawing_ < kRedrawInterval)
    return;
  drawBar(step, logs.values(), false);
  lastDrawing_ = now;
}

void Progress::drawBar(int64_t step, const Logs &logs, bool last) {
  auto now = Clock::now();
  double perStep = secondsPerStep(now);
  int64_t done = kBarCells * step / steps_;
  std::string count = fmt::format("{:>{}}/{}", step, std::to_string(steps_).size(), steps_);
  std::string time = last ? fmt::format("{:.0f}s", secondsBetween(epochStart_, now))
                          : formatDuration(perStep * static_cast<double>(steps_ - step));
  std::string rest = formatStepTime(perStep) + formatLogs(logs);
  size_t width = count.size() + 1 + kBarCells + 1 + time.size() + 1 + rest.size();

  std::string line = "\r" + bold(count) + " ";
  if (done > 0)
    line += "\x1b[32m" + repeat("━", done) + "\x1b[0m";
  line += "\x1b[37m" + repeat("━", kBarCells - done) + "\x1b[0m " + bold(time) + " " + rest;
  if (lastWidth_ > width)
    line += std::string(lastWidth_ - width, ' ');
  if (last)
    line += '\n';
  write(line);
  lineOpen_ = !last;
  lastWidth_ = last ? 0 : width;
}

void Progress::onEpochEnd(int64_t, const Logs &logs) {
  if (verbosity_ == Verbosity::Bar)
    drawBar(steps_, logs, true);
  if (verbosity_ != Verbosity::Lines)
    return;
  auto now = Clock::now();
  write(fmt::format("{}/{} - {:.0f}s - {}{}\n", steps_, steps_, secondsBetween(epochStart_, now),
                    formatStepTime(secondsPerStep(now)), formatLogs(logs)));
}

} // namespace lamina::trainer
