#include "trainer/fit.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "support/error.h"
#include "trainer/callbacks/callback.h"
#include "trainer/data/shuffle.h"
#include "trainer/finite.h"
#include "trainer/rewind.h"

namespace lamina::trainer {

namespace {

using frontend::Array;

bool changeVariables(const std::vector<FitCallback *> &callbacks) {
  return std::ranges::any_of(callbacks, &FitCallback::changesVariables);
}

class FitLoop {
public:
  FitLoop(ModelRunner &runner, const Dataset &training, const Dataset *validation,
          const FitOptions &options, const std::vector<FitObserver *> &observers,
          const FitPosition &start, const std::vector<FitCallback *> &callbacks)
      : runner_(runner), training_(training), validation_(validation), options_(options),
        observers_(observers), callbacks_(callbacks), control_{runner, options.epochs},
        position_(start), batches_(training, runner.signature().batchSize),
        logs_(runner.makeBatchLogs(runner.signature().trainLogs)),
        rewind_(runner, training, {options.seed, options.shuffle}, changeVariables(callbacks),
                options.checkFinite) {}

  History run() {
    FitPosition start = position_;
    FitPlan plan{options_.epochs, batches_.count(), &start};
    call([&](FitCallback &callback) { callback.onTrainBegin(control_, start); });
    tell([&](FitObserver &observer) { observer.onTrainBegin(plan); });
    while (position_.epoch < options_.epochs && !control_.isStopping && !isStopped())
      runEpoch();
    if (control_.areAveragesSwapped)
      runner_.resetAverages();
    else
      runner_.finalizeAverages();
    call([&](FitCallback &callback) { callback.onTrainEnd(control_); });
    if (position_.epoch > start.epoch || position_.step > start.step)
      requireFiniteEnd();
    tell([](FitObserver &observer) { observer.onTrainEnd(); });
    return position_.history;
  }

private:
  template <typename Told> void tell(Told told) {
    for (FitObserver *observer : observers_)
      told(*observer);
  }
  template <typename Called> void call(Called called) {
    for (FitCallback *callback : callbacks_)
      called(*callback);
  }

  void runEpoch() {
    int64_t epoch = position_.epoch;
    // An epoch that goes on has begun before.
    if (position_.step == 0)
      call([&](FitCallback &callback) { callback.onEpochBegin(control_, epoch); });
    tell([&](FitObserver &observer) { observer.onEpochBegin(epoch); });
    rewind_.beginEpoch(epoch);
    RunningLogs running(runner_, runner_.signature().trainLogs);
    if (position_.step > 0) {
      running.rows = position_.rows;
      running.batches = position_.step;
      running.sums = position_.sums;
    }
    std::vector<uint32_t> order;
    if (options_.shuffle)
      order = shuffledRows(options_.seed, epoch, static_cast<uint32_t>(training_.rows));
    while (position_.step < batches_.count() && !isStopped())
      runStep(order, running);
    if (position_.step == batches_.count())
      return finishEpoch(running);
    tell([&](FitObserver &observer) { observer.onInterrupted(runner_, position_); });
  }

  bool isStopped() const { return options_.stop && *options_.stop; }

  void runStep(const std::vector<uint32_t> &order, RunningLogs &running) {
    rewind_.beforeStep(position_.epoch, position_.step);
    Batch batch = batches_.get(position_.step, order);
    runner_.trainStep(batch, logs_);
    ++position_.step;
    if (!logs_.logs.empty() && !std::isfinite(logs_.logs[0]))
      raise(fmt::format("{}: the loss is {}", describePlace(),
                        std::isnan(logs_.logs[0]) ? "nan" : "infinite (nan would come next)"));
    if (options_.checkFinite)
      requireFiniteVariables([&](const std::string &variable) {
        return fmt::format("{}: '{}' has values that are not finite", describePlace(), variable);
      });
    running.add(logs_, batch.rows);
    position_.rows = running.rows;
    position_.sums = running.sums;
    tell([&](FitObserver &observer) {
      observer.onStepEnd(position_.epoch, position_.step, running);
      if (position_.step < batches_.count())
        observer.onPosition(runner_, position_);
    });
  }

  std::string describePlace() const {
    return fmt::format("{}: epoch {}, step {}", runner_.name(), position_.epoch + 1,
                       position_.step);
  }

  /// `describe` makes a message of the name of a variable.
  template <typename Describe> void requireFiniteVariables(Describe describe) {
    std::optional<size_t> found = findNonFiniteVariable(runner_);
    if (!found)
      return;
    const codegen::VariableSpec &variable = runner_.signature().variables[*found];
    raise(describe(printable(variable.path.empty() ? variable.name : variable.path)));
  }

  /// Weights that are not finite are not worth a file, even if no loss has told yet.
  void requireFiniteEnd() {
    if (position_.step == 0) {
      --position_.epoch;
      position_.step = batches_.count();
    }
    requireFiniteVariables([&](const std::string &variable) {
      return fmt::format("{}: after the last step '{}' has values that are not finite",
                         runner_.name(), variable);
    });
  }

  /// The step at hand, the last one that was done, is not finite.
  [[noreturn]] void raise(const std::string &finding) {
    throw NonFiniteError(finding, nonFiniteAdvice(training_),
                         rewind_.findFirst(position_.epoch, position_.step - 1));
  }

  void finishEpoch(const RunningLogs &running) {
    Logs logs = running.values();
    if (validation_)
      validate(logs);
    call([&](FitCallback &callback) { callback.onEpochEnd(control_, position_.epoch, logs); });
    position_.history.push_back(logs);
    int64_t epoch = position_.epoch++;
    position_.step = 0;
    tell([&](FitObserver &observer) { observer.onEpochEnd(epoch, logs); });
    tell([&](FitObserver &observer) { observer.onPosition(runner_, position_); });
  }

  void validate(Logs &logs) {
    call([&](FitCallback &callback) { callback.onTestBegin(control_); });
    for (const auto &[name, value] : evaluateValidation())
      logs["val_" + name] = value;
    call([&](FitCallback &callback) { callback.onTestEnd(control_); });
  }

  Logs evaluateValidation() {
    if (!options_.validator)
      return evaluate(runner_, *validation_);
    runner_.giveState(*options_.validator);
    Logs logs = evaluate(*options_.validator, *validation_);
    options_.validator->giveLayerStates(runner_);
    return logs;
  }

  ModelRunner &runner_;
  const Dataset &training_;
  const Dataset *validation_;
  const FitOptions &options_;
  const std::vector<FitObserver *> &observers_;
  const std::vector<FitCallback *> &callbacks_;
  FitControl control_;
  FitPosition position_;
  Batches batches_;
  BatchLogs logs_;
  Rewind rewind_;
};

} // namespace

History fit(ModelRunner &runner, const Dataset &training, const Dataset *validation,
            const FitOptions &options, const std::vector<FitObserver *> &observers,
            const FitPosition &start, const std::vector<FitCallback *> &callbacks) {
  return FitLoop(runner, training, validation, options, observers, start, callbacks).run();
}

Logs evaluate(ModelRunner &runner, const Dataset &data) {
  Batches batches(data, runner.signature().batchSize);
  RunningLogs running(runner, runner.signature().evaluateLogs);
  BatchLogs logs = runner.makeBatchLogs(runner.signature().evaluateLogs);
  for (int64_t i = 0; i < batches.count(); ++i) {
    Batch batch = batches.get(i, {});
    runner.evaluateStep(batch, logs);
    running.add(logs, batch.rows);
  }
  return running.values();
}

std::vector<Array> predict(ModelRunner &runner, const Dataset &data) {
  const auto &signature = runner.signature();
  std::vector<Array> outputs;
  std::vector<std::byte *> ends;
  std::vector<size_t> rowBytes;
  for (const codegen::TensorSpec &spec : signature.outputs) {
    std::vector<int64_t> shape = spec.shape;
    shape[0] = data.rows;
    outputs.push_back(frontend::makeArray(spec.type, shape));
    ends.push_back(outputs.back().bytes.data());
    rowBytes.push_back(static_cast<size_t>(valuesPerRow(shape)) * byteWidth(spec.type));
  }
  Batches batches(data, signature.batchSize);
  std::vector<void *> pointers(outputs.size());
  for (int64_t i = 0; i < batches.count(); ++i) {
    Batch batch = batches.get(i, {});
    pointers.assign(ends.begin(), ends.end());
    runner.predictStep(batch, pointers.data());
    for (size_t o = 0; o < ends.size(); ++o)
      ends[o] += batch.rows * rowBytes[o];
  }
  return outputs;
}

} // namespace lamina::trainer
