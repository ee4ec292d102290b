#include "session/tune.h"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "codegen/functions/profile.h"
#include "ir/module.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/memory/program.h"
#include "passes/schedule/schedule.h"
#include "session/quantile.h"

namespace lamina::session {

namespace {

/// Kernels that take less of a step are left as they are.
constexpr double kLeastShare = 0.002;
/// A schedule must be faster by this part, each time it is measured: timings differ by less.
constexpr double kLeastGain = 0.03;
/// How long a measurement takes, within limits for very short and very long steps.
constexpr double kMeasuredMs = 400;
constexpr int64_t kLeastSteps = 3, kMostSteps = 100;

using passes::Schedules;

class Tuner {
public:
  Tuner(Session &session, const std::string &function, const trainer::Dataset &data)
      : session(session), function(function), data(data) {}

  TuneResult run(const TuneProgress &progress) {
    bool wasProfiled = session.compileOptions().profiled;
    session.compileOptions().profiled = true;
    progress(0, 1);
    std::vector<double> first = measure();
    findCandidates(first);
    size_t rounds = 0;
    for (const Schedules &schedules : candidates)
      rounds = std::max(rounds, schedules.size());
    auto all = static_cast<int64_t>(rounds) + 3; // the first one, and both results once more
    Schedules best = chosen;
    std::vector<double> bestTimes = first;
    for (size_t round = 0; round < rounds; ++round) {
      progress(static_cast<int64_t>(round) + 1, all);
      tryRound(round, best, bestTimes);
    }
    progress(all - 2, all);
    std::vector<double> after = measureWith(best);
    progress(all - 1, all);
    std::vector<double> before = measureWith(chosen);
    session.compileOptions().profiled = wasProfiled;
    return keepFaster(first, bestTimes, before, after, best);
  }

private:
  llvm::SmallVector<ir::KernelOp> kernels() {
    auto source = session.module().lookupSymbol<mlir::func::FuncOp>(function);
    return passes::kernelsOf(source);
  }

  /// Milliseconds of each kernel, medians.
  std::vector<double> measure() {
    Stepper stepper(session.compile(0, FileWeights::Keep), data, function == ir::kTrainStep);
    stepper.run(); // compiles
    auto steps = static_cast<int64_t>(std::ceil(kMeasuredMs / stepper.run()));
    codegen::FunctionProfile &clocks = *session.compiled().profile(function);
    std::vector<std::vector<double>> samples;
    for (int64_t i = 0; i < std::clamp(steps, kLeastSteps, kMostSteps); ++i) {
      clocks.restart();
      stepper.run();
      std::vector<double> times = clocks.kernelTimes();
      samples.resize(times.size());
      for (size_t k = 0; k < times.size(); ++k)
        samples[k].push_back(times[k] / 1e6);
    }
    std::vector<double> medians;
    for (const std::vector<double> &sample : samples)
      medians.push_back(quantile(sample, 0.5));
    return medians;
  }

  std::vector<double> measureWith(llvm::ArrayRef<ir::Schedule> schedules) {
    apply(schedules);
    return measure();
  }

  void apply(llvm::ArrayRef<ir::Schedule> schedules) {
    for (auto [kernel, schedule] : llvm::zip_equal(kernels(), schedules))
      kernel.setScheduleAttr(schedule);
  }

  void findCandidates(llvm::ArrayRef<double> times) {
    double all = std::accumulate(times.begin(), times.end(), 0.0);
    const codegen::TargetSpec &target = session.compileOptions().target;
    int64_t batchSize = ir::getBatchSize(session.module());
    passes::VectorTarget vectors{target.vectorLanes(sizeof(float)), target.vectorRegisters};
    for (auto [kernel, time] : llvm::zip_equal(kernels(), times)) {
      chosen.push_back(*kernel.getSchedule());
      candidates.push_back(time >= kLeastShare * all
                               ? passes::equivalentSchedules(kernel, batchSize, vectors)
                               : Schedules());
    }
  }

  void tryRound(size_t round, Schedules &best, std::vector<double> &bestTimes) {
    Schedules tried = chosen;
    for (size_t k = 0; k < tried.size(); ++k)
      if (round < candidates[k].size())
        tried[k] = candidates[k][round];
    std::vector<double> times = measureWith(tried);
    for (size_t k = 0; k < tried.size(); ++k)
      if (tried[k] != chosen[k] && times[k] < bestTimes[k]) {
        best[k] = tried[k];
        bestTimes[k] = times[k];
      }
  }

  /// Leaves the schedules in the module that were faster both times.
  TuneResult keepFaster(llvm::ArrayRef<double> first, llvm::ArrayRef<double> bestTimes,
                        llvm::ArrayRef<double> before, llvm::ArrayRef<double> after,
                        Schedules best) {
    TuneResult result;
    for (size_t k = 0; k < best.size(); ++k) {
      bool isFaster =
          bestTimes[k] < (1 - kLeastGain) * first[k] && after[k] < (1 - kLeastGain) * before[k];
      if (!isFaster)
        best[k] = chosen[k];
      ++result.kernels;
      result.changed += best[k] != chosen[k];
      result.beforeMs += before[k];
      result.afterMs += isFaster ? after[k] : before[k];
    }
    apply(best);
    return result;
  }

  Session &session;
  std::string function;
  const trainer::Dataset &data;
  Schedules chosen;
  std::vector<Schedules> candidates; ///< by kernel
};

} // namespace

TuneResult tune(Session &session, const std::string &function, const trainer::Dataset &data,
                const TuneProgress &progress) {
  return Tuner(session, function, data).run(progress);
}

void tuneAloud(Session &session, const std::string &function, const trainer::Dataset &data) {
  auto tell = [&](const std::string &line) {
    if (session.options().tell)
      session.options().tell(line);
  };
  TuneResult result = tune(session, function, data, [&](int64_t round, int64_t rounds) {
    tell(fmt::format("Tuning: measurement {}{}", round + 1,
                     rounds > 1 ? fmt::format(" of {}", rounds) : ""));
  });
  tell(fmt::format("Tuned: {} of {} kernels changed, {:.3f} ms in kernels, {:.3f} ms before",
                   result.changed, result.kernels, result.afterMs, result.beforeMs));
}

} // namespace lamina::session
