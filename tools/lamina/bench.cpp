// lamina bench
#include <algorithm>
#include <chrono>
#include <cmath>

#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "ir/module.h"
#include "support/error.h"
#include "tools/lamina/commands.h"
#include "tools/lamina/cost.h"
#include "tools/lamina/session.h"
#include "trainer/cast.h"
#include "trainer/fit.h"
#include "trainer/shuffle.h"

namespace lamina::tools {

namespace {

using Clock = std::chrono::steady_clock;
using frontend::Array;

struct BenchOptions {
  ModelOptions model;
  int64_t steps = 200;
  std::string function = "train_step";
  bool json = false;
};

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Uniform numbers in [0, 1), or class numbers below `classes`.
Array randomArray(const codegen::TensorSpec &spec, int64_t rows, int64_t classes, uint32_t key) {
  std::vector<int64_t> shape = spec.shape;
  shape[0] = rows;
  Array array = frontend::makeArray(spec.type, shape);
  for (int64_t i = 0; i < array.elementCount(); ++i) {
    double uniform =
        static_cast<double>(trainer::philox2x32(key, static_cast<uint64_t>(i)) >> 11) * 0x1p-53;
    bool isInteger = spec.type != ElementType::F32 && spec.type != ElementType::F64;
    double value = classes     ? std::floor(uniform * static_cast<double>(classes))
                   : isInteger ? std::floor(uniform * 2)
                               : uniform;
    trainer::storeValue(spec.type,
                        array.bytes.data() + static_cast<size_t>(i) * byteWidth(spec.type), value);
  }
  return array;
}

trainer::Dataset randomBatch(const Session &session) {
  const codegen::Signature &signature = session.importedSignature();
  trainer::Dataset data;
  data.rows = signature.batchSize;
  uint32_t key = 0;
  for (size_t i = 0; i < signature.inputs.size(); ++i)
    data.inputs.push_back(
        randomArray(signature.inputs[i], data.rows, session.inputEntries()[i], ++key));
  for (size_t i = 0; i < signature.targets.size(); ++i)
    data.targets.push_back(
        randomArray(signature.targets[i], data.rows, session.targetClasses()[i], ++key));
  return data;
}

/// Runs one function on one batch again and again.
class Stepper {
public:
  Stepper(trainer::ModelRunner &runner, const trainer::Dataset &data, bool train)
      : runner_(runner), batches_(data, data.rows), train_(train),
        logs_(runner.signature().trainLogs.size() + 1) {
    for (const codegen::TensorSpec &spec : runner.signature().outputs)
      pointers_.push_back(outputs_.emplace_back(randomArray(spec, data.rows, 0, 0)).bytes.data());
    batch_ = batches_.get(0, {});
  }

  /// Milliseconds of one step.
  double run() {
    auto start = Clock::now();
    if (train_)
      runner_.trainStep(batch_, logs_.data());
    else
      runner_.predictStep(batch_, pointers_.data());
    return millisecondsSince(start);
  }

private:
  trainer::ModelRunner &runner_;
  trainer::Batches batches_;
  bool train_;
  std::vector<float> logs_;
  std::vector<Array> outputs_;
  std::vector<void *> pointers_;
  trainer::Batch batch_;
};

double quantile(const std::vector<double> &sorted, double part) {
  return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1) + 0.5)];
}

/// JSON has no NaN and no infinity.
nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

int64_t peakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

nlohmann::ordered_json measure(const BenchOptions &options) {
  auto start = Clock::now();
  bool train = options.function == "train_step";
  Session session(options.model, train);
  if (train && !session.module().lookupSymbol(ir::kOptimizer))
    fail("{}: the model has no loss or no optimizer; compile it in Keras, or give --loss and "
         "--optimizer",
         session.name());
  trainer::ModelRunner &runner = session.compile(0);
  double compileMs = millisecondsSince(start);

  trainer::Dataset data = randomBatch(session);
  Stepper stepper(runner, data, train);
  double firstMs = stepper.run();
  std::vector<double> times;
  // Caches, branch predictors and the clock frequency settle in the first tenth.
  for (int64_t i = 0; i < options.steps / 10; ++i)
    stepper.run();
  for (int64_t i = 0; i < options.steps; ++i)
    times.push_back(stepper.run());
  std::sort(times.begin(), times.end());

  auto function = session.module().lookupSymbol<mlir::func::FuncOp>(options.function);
  double gflops = countFlops(function) / quantile(times, 0.5) / 1e6;
  double peak = measurePeakFlops(session.threads()) / 1e9;
  int64_t stateBytes = 0;
  for (const codegen::VariableSpec &variable : runner.signature().variables)
    stateBytes += variable.byteSize();
  return {{"model", session.name()},
          {"function", options.function},
          {"batch_size", options.model.batchSize},
          {"threads", session.threads()},
          {"compile_ms", number(compileMs)},
          {"first_step_ms", number(firstMs)},
          {"median_ms", number(quantile(times, 0.5))},
          {"min_ms", number(times.front())},
          {"p90_ms", number(quantile(times, 0.9))},
          {"gflops", number(gflops)},
          {"peak_fraction", number(gflops / peak)},
          {"state_bytes", stateBytes},
          {"arena_bytes", runner.signature().workspaceBytes},
          {"peak_rss_bytes", peakResidentBytes()}};
}

void bench(const BenchOptions &options) {
  auto result = measure(options);
  if (options.json) {
    fmt::print("{}\n", result.dump());
    return;
  }
  for (const auto &[name, value] : result.items())
    fmt::print("{:<16} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
}

} // namespace

void addBench(CLI::App &app, Action &action) {
  CLI::App &command = *app.add_subcommand("bench", "Time the compiled step on random data");
  auto options = std::make_shared<BenchOptions>();
  options->model.addModel(command);
  options->model.addBatchSize(command);
  command.add_option("--steps", options->steps, "Steps to time")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 32))
      ->capture_default_str();
  command.add_option("--function", options->function, "What to time")
      ->check(CLI::IsMember({"train_step", "predict"}))
      ->capture_default_str();
  options->model.addOptimizer(command);
  options->model.addLoss(command);
  options->model.addThreads(command);
  command.add_flag("--json", options->json, "Print one line of JSON");
  command.callback([&action, options] { action = [options] { bench(*options); }; });
}

} // namespace lamina::tools
