// lamina bench
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "frontend/files/arrays/npy.h"
#include "ir/module.h"
#include "session/compile_config.h"
#include "session/tune.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "support/output.h"
#include "support/temporary_folder.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/cost.h"
#include "tools/lamina/model_output.h"
#include "tools/lamina/peers/comparison.h"
#include "tools/lamina/profile.h"
#include "tools/lamina/roofline.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {

namespace {

using Clock = std::chrono::steady_clock;

struct BenchOptions {
  ModelOptions model;
  int64_t steps = 200;
  std::string function = "train_step";
  bool json = false, profile = false, peers = false;
  std::string trace, plot;
  std::string python = "python3"; ///< that has the peers
  int64_t rounds = 5;

  bool isProfiled() const { return profile || !trace.empty(); }
};

/// Kernels that the profile's table names.
constexpr size_t kProfileRows = 25;

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Of this program alone: getrusage counts what the process took before it became this program too.
int64_t peakResidentBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;)
    if (int64_t kibibytes = 0; key == "VmHWM:" && status >> kibibytes)
      return kibibytes * 1024;
  return 0;
}

void requireFunction(Session &session, bool train) {
  if (train && !session.module().lookupSymbol(ir::kOptimizer))
    fail("{}: the model has no loss or no optimizer; compile it in Keras, or give --loss and "
         "--optimizer",
         session.name());
}

/// FLOPs of a full batch: of all its parts.
double countFlopsOfBatch(Session &session, const BenchOptions &options) {
  auto find = [&](llvm::StringRef name) {
    return session.module().lookupSymbol<mlir::func::FuncOp>(name);
  };
  double flops = countFlopsWithin(find(options.function));
  int64_t partRows = ir::getBatchSize(session.module());
  double others = std::ceil(double(options.model.import.batchSize) / double(partRows)) - 1;
  auto part = options.function == ir::kPredict ? find(ir::kPredict) : find(ir::kAccumulate);
  return others > 0 ? flops + others * countFlopsWithin(part) : flops;
}

nlohmann::ordered_json measure(Session &session, const trainer::Dataset &data,
                               const BenchOptions &options, Clock::time_point start) {
  trainer::ModelRunner &runner = session.compile(
      0, options.isProfiled() ? session::FileWeights::Keep : session::FileWeights::Take);
  double compileMs = millisecondsSince(start);

  session::Stepper stepper(runner, data, options.function == "train_step");
  double firstMs = stepper.run();
  std::vector<double> times;
  // Caches, branch predictors and the clock frequency settle in the first tenth.
  for (int64_t i = 0; i < options.steps / 10; ++i)
    stepper.run();
  for (int64_t i = 0; i < options.steps; ++i)
    times.push_back(stepper.run());

  double gflops = countFlopsOfBatch(session, options) / quantile(times, 0.5) / 1e6;
  double peak = measurePeakFlops(session.threads()) / 1e9;
  int64_t stateBytes = 0;
  for (const codegen::VariableSpec &variable : runner.signature().variables)
    stateBytes += variable.byteSize();
  return {{"model", session.name()},
          {"function", options.function},
          {"batch_size", options.model.import.batchSize},
          {"threads", session.threads()},
          {"compile_ms", number(compileMs)},
          {"first_step_ms", number(firstMs)},
          {"median_ms", number(quantile(times, 0.5))},
          {"min_ms", number(quantile(times, 0))},
          {"p90_ms", number(quantile(times, 0.9))},
          {"gflops", number(gflops)},
          {"peak_fraction", number(gflops / peak)},
          {"state_bytes", stateBytes},
          {"arena_bytes", runner.signature().workspaceBytes},
          {"peak_rss_bytes", peakResidentBytes()}};
}

std::map<std::string, frontend::Array> namedArrays(const trainer::Dataset &data) {
  std::map<std::string, frontend::Array> arrays;
  auto add = [&](const std::string &role, const std::vector<frontend::Array> &values) {
    for (size_t i = 0; i < values.size(); ++i)
      arrays.emplace(values.size() == 1 ? role : fmt::format("{}{}", role, i), values[i]);
  };
  add("x", data.inputs);
  add("y", data.targets);
  return arrays;
}

/// The same model and batch in other frameworks.
PeerComparison comparePeers(Session &session, const trainer::Dataset &data,
                            const BenchOptions &options) {
  TemporaryFolder folder;
  PeerTask task{options.python, options.function, folder / "model.keras", folder / "data.npz",
                session.threads()};
  trainer::ModelRunner &runner = session.compile(0, session::FileWeights::Keep);
  writeModel(task.model, session.file(), session.module(), session.weights(),
             session::changedCompileConfig(session.file(), options.model.import));
  frontend::writeNpz(task.data, namedArrays(data));
  session::Stepper stepper(runner, data, options.function == "train_step");
  return tools::comparePeers(task, options.rounds, [&] { return stepper.run(); });
}

void bench(const BenchOptions &options) {
  auto start = Clock::now();
  bool train = options.function == "train_step";
  requireDistinct(options.model.inputs(), {{"--trace", options.trace}, {"--plot", options.plot}});
  for (const std::string &path : {options.trace, options.plot})
    if (!path.empty())
      requireWritable(path);
  Session session(options.model.forSession(), train, /*forwardOnly=*/!train);
  requireFunction(session, train);
  trainer::Dataset data = session::randomBatch(session);
  if (options.model.tune) {
    auto tuning = Clock::now();
    session::tuneAloud(session, options.function, data);
    start += Clock::now() - tuning; // is told apart
  }
  nlohmann::ordered_json result = measure(session, data, options, start);
  std::optional<StepProfile> profile;
  if (options.isProfiled())
    profile = profileStep(session, options.function, data, options.steps, options.trace);
  std::optional<PeerComparison> peers;
  if (options.peers)
    peers = comparePeers(session, data, options);
  if (!options.plot.empty())
    writeFileAtomically(
        options.plot,
        drawPeers(*peers, fmt::format("{}: {}, batch {}, {} threads",
                                      std::filesystem::path(session.name()).filename().string(),
                                      train ? "one training step" : "one prediction",
                                      options.model.import.batchSize, session.threads())));
  if (options.json) {
    if (peers)
      result["comparison"] = toJson(*peers);
    if (profile)
      result["profile"] = toJson(*profile);
    output("{}\n", result.dump());
    return;
  }
  for (const auto &[name, value] : result.items())
    output("{:<16} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
  if (profile)
    print(*profile, kProfileRows);
  if (peers)
    print(*peers);
}

} // namespace

void addBench(CLI::App &command, Action &action) {
  auto options = std::make_shared<BenchOptions>();
  options->model.addModel(command);
  options->model.addBatchSize(command);
  options->model.addAccumulation(command);
  options->model.addFreezing(command);
  options->model.addPasses(command);
  command.add_option("--steps", options->steps, "Steps to time")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 32))
      ->capture_default_str();
  command.add_option("--function", options->function, "What to time")
      ->check(CLI::IsMember({"train_step", "predict"}))
      ->capture_default_str();
  options->model.addOptimizer(command);
  options->model.addLoss(command);
  options->model.addThreads(command);
  options->model.addTune(command);
  command.add_flag("--profile", options->profile,
                   "Tell what each kernel takes: time, FLOPs, bytes, share of the roofline");
  addPath(command, "--trace", options->trace,
          "File for the tasks of one step in Chrome's trace format; profiles too");
  auto *peers = command.add_flag("--peers", options->peers,
                                 "Time the same model and batch in TensorFlow, JAX, PyTorch, ONNX "
                                 "Runtime and OpenVINO too, as "
                                 "far as a Python has them, in turns and with as many threads");
  command.add_option("--python", options->python, "The Python that has the peers")
      ->needs(peers)
      ->capture_default_str();
  command.add_option("--rounds", options->rounds, "Turns of each peer")
      ->check(CLI::Range(int64_t(1), int64_t(10000)))
      ->needs(peers)
      ->capture_default_str();
  addPath(command, "--plot", options->plot, "File for a picture of the comparison: .svg")
      ->needs(peers);
  command.add_flag("--json", options->json, "Print one line of JSON");
  command.callback([&action, options] { action = [options] { bench(*options); }; });
}

} // namespace lamina::tools
