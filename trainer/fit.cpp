#include "trainer/fit.h"

#include <cmath>
#include <optional>

#include "support/error.h"
#include "trainer/callbacks/callback.h"
#include "trainer/data/cast.h"
#include "trainer/data/shuffle.h"

namespace lamina::trainer {

namespace {

using frontend::Array;

/// The first element that is NaN or infinite.
std::optional<size_t> findNonFinite(const Array &array) {
  if (array.type != ElementType::F32 && array.type != ElementType::F64)
    return std::nullopt;
  for (size_t i = 0; i < static_cast<size_t>(array.elementCount()); ++i)
    if (!std::isfinite(loadValue(array, i)))
      return i;
  return std::nullopt;
}

/// What to do about a loss that is not finite: data with such values are the first suspect.
std::string nonFiniteAdvice(const Dataset &data) {
  for (const auto *arrays : {&data.inputs, &data.targets})
    for (const Array &array : *arrays)
      if (auto index = findNonFinite(array)) {
        int64_t row = static_cast<int64_t>(*index) / valuesPerRow(array.shape);
        return fmt::format("{} has values that are not finite, the first in {}", data.file,
                           data.describeRow(row));
      }
  return "lower the learning rate, or scale the inputs";
}

class FitLoop {
public:
  FitLoop(ModelRunner &runner, const Dataset &training, const Dataset *validation,
          const FitOptions &options, const std::vector<FitObserver *> &observers,
          const FitPosition &start, const std::vector<FitCallback *> &callbacks)
      : runner_(runner), training_(training), validation_(validation), options_(options),
        observers_(observers), callbacks_(callbacks), control_{runner, options.epochs},
        position_(start), batches_(training, runner.signature().batchSize),
        logs_(runner.makeBatchLogs(runner.signature().trainLogs)) {}

  History run() {
    FitPosition start = position_;
    FitPlan plan{options_.epochs, batches_.count(), &start};
    call([&](FitCallback &callback) { callback.onTrainBegin(control_, start); });
    tell([&](FitObserver &observer) { observer.onTrainBegin(plan); });
    while (position_.epoch < options_.epochs && !control_.isStopping)
      runEpoch();
    if (control_.areAveragesSwapped)
      runner_.resetAverages();
    else
      runner_.finalizeAverages();
    call([&](FitCallback &callback) { callback.onTrainEnd(control_); });
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
    RunningLogs running(runner_, runner_.signature().trainLogs);
    if (position_.step > 0) {
      running.rows = position_.rows;
      running.batches = position_.step;
      running.sums = position_.sums;
    }
    std::vector<uint32_t> order;
    if (options_.shuffle)
      order = shuffledRows(options_.seed, epoch, static_cast<uint32_t>(training_.rows));
    while (position_.step < batches_.count())
      runStep(order, running);
    finishEpoch(running);
  }

  void runStep(const std::vector<uint32_t> &order, RunningLogs &running) {
    Batch batch = batches_.get(position_.step, order);
    runner_.trainStep(batch, logs_);
    ++position_.step;
    if (!logs_.logs.empty() && !std::isfinite(logs_.logs[0]))
      fail("{}: epoch {}, step {}: the loss is {}; {}", runner_.name(), position_.epoch + 1,
           position_.step, std::isnan(logs_.logs[0]) ? "nan" : "infinite (nan would come next)",
           nonFiniteAdvice(training_));
    running.add(logs_, batch.rows);
    position_.rows = running.rows;
    position_.sums = running.sums;
    tell([&](FitObserver &observer) {
      observer.onStepEnd(position_.epoch, position_.step, running);
      if (position_.step < batches_.count())
        observer.onPosition(runner_, position_);
    });
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

void requireFinite(const std::string &model, const std::map<std::string, Array> &weights) {
  for (const auto &[path, array] : weights)
    if (findNonFinite(array))
      fail("{}: after the last step '{}' has values that are not finite; lower the learning rate, "
           "or scale the inputs",
           model, printable(path));
}

} // namespace lamina::trainer
