#include "trainer/callbacks/learning_rate.h"

#include <algorithm>
#include <utility>

#include "support/error.h"
#include "support/output.h"

namespace lamina::trainer {

static constexpr const char *kRateLog = "learning_rate";

ReduceOnPlateau::ReduceOnPlateau(PlateauOptions options)
    : options_(std::move(options)), monitor_("--reduce-lr-on-plateau", options_.monitor) {}

double ReduceOnPlateau::count(const Logs &logs, double rate) {
  double value = monitor_.read(logs);
  if (cooldown_ > 0) {
    --cooldown_;
    wait_ = 0;
  }
  if (monitor_.isImprovement(value, best_)) {
    best_ = value;
    wait_ = 0;
    return rate;
  }
  if (cooldown_ > 0 || ++wait_ < options_.patience || rate <= static_cast<float>(options_.minRate))
    return rate;
  cooldown_ = options_.cooldown;
  wait_ = 0;
  return std::max(rate * options_.factor, options_.minRate);
}

void ReduceOnPlateau::onTrainBegin(FitControl &, const FitPosition &start) {
  for (const Logs &logs : start.history)
    if (auto rate = logs.find(kRateLog); rate != logs.end())
      count(logs, rate->second);
}

void ReduceOnPlateau::onEpochEnd(FitControl &control, int64_t epoch, Logs &logs) {
  double rate = control.runner.learningRate();
  logs[kRateLog] = rate;
  double next = count(logs, rate);
  if (next == rate)
    return;
  control.runner.setLearningRate(next);
  if (options_.reports)
    note("Epoch {}: reducing the learning rate to {}\n", epoch + 1, next);
}

double RateSchedule::at(int64_t epoch, double rate) const {
  auto next = rates.upper_bound(epoch);
  if (next != rates.begin())
    return std::prev(next)->second;
  return epoch >= startFromEpoch ? rate * factor : rate;
}

void RateScheduler::onEpochBegin(FitControl &control, int64_t epoch) {
  double rate = control.runner.learningRate();
  control.runner.setLearningRate(schedule_.at(epoch, rate));
}

void RateScheduler::onEpochEnd(FitControl &control, int64_t, Logs &logs) {
  logs[kRateLog] = control.runner.learningRate();
}

} // namespace lamina::trainer
