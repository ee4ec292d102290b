#include "tools/lamina/profile.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "codegen/functions/profile.h"
#include "ir/layer_name.h"
#include "passes/memory/plan.h"
#include "support/atomic_file.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/cost.h"
#include "tools/lamina/roofline.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {

namespace {

/// The operation that gives a kernel most of its work, by name.
std::string anchorOf(ir::KernelOp kernel, int64_t batchSize) {
  std::string name;
  double most = 0;
  for (mlir::Operation &operation : kernel.getBlock())
    if (double flops = countFlops(&operation, batchSize); flops > most) {
      most = flops;
      name = operation.getName().stripDialect().str();
    }
  return name;
}

std::vector<KernelProfile> describeKernels(mlir::func::FuncOp function, int64_t batchSize) {
  std::vector<KernelProfile> kernels;
  for (ir::KernelOp kernel : passes::kernelsOf(function)) {
    KernelProfile profile;
    profile.layer = ir::layerOf(kernel.getLoc());
    profile.family = stringifyKernelFamily(kernel.getFamily());
    profile.anchor = anchorOf(kernel, batchSize);
    profile.flops = countFlopsWithin(kernel);
    profile.bytes = countBytes(kernel);
    kernels.push_back(std::move(profile));
  }
  return kernels;
}

/// The durations of a profile's steps.
struct Samples {
  explicit Samples(size_t kernels) : ofKernel(kernels) {}

  void add(double stepMs, const codegen::FunctionProfile &profile) {
    std::vector<double> times = profile.kernelTimes();
    for (size_t i = 0; i < times.size(); ++i)
      ofKernel[i].push_back(times[i] / 1e6);
    ofKernels.push_back(std::accumulate(times.begin(), times.end(), 0.0) / 1e6);
    ofStep.push_back(stepMs);
  }

  std::vector<std::vector<double>> ofKernel;
  std::vector<double> ofKernels, ofStep;
};

void writeTrace(const std::string &path, const codegen::FunctionProfile &profile,
                const std::vector<KernelProfile> &kernels) {
  auto events = nlohmann::ordered_json::array();
  int64_t start = profile.events().empty() ? 0 : profile.events().front().begin;
  for (const auto &event : profile.events())
    start = std::min(start, event.begin);
  for (const auto &event : profile.events()) {
    const KernelProfile &kernel = kernels[event.kernel];
    events.push_back({{"name", kernel.layer.empty() ? kernel.family : kernel.layer},
                      {"cat", kernel.family},
                      {"ph", "X"},
                      {"ts", static_cast<double>(event.begin - start) / 1e3},
                      {"dur", static_cast<double>(event.end - event.begin) / 1e3},
                      {"pid", 1},
                      {"tid", event.thread},
                      {"args", {{"kernel", event.kernel}, {"anchor", kernel.anchor}}}});
  }
  nlohmann::ordered_json trace = {{"traceEvents", events}, {"displayTimeUnit", "ns"}};
  writeFileAtomically(path, trace.dump());
}

} // namespace

double StepProfile::rooflineShare(const KernelProfile &kernel) const {
  double compute = peakFlops > 0 ? kernel.flops / peakFlops : 0;
  return std::max(compute, kernel.bytes / bandwidth) * 1e3 / kernel.milliseconds;
}

StepProfile profileStep(Session &session, const std::string &function, const trainer::Dataset &data,
                        int64_t steps, const std::string &tracePath) {
  session.compileOptions().profiled = true;
  trainer::ModelRunner &runner = session.compile(0, session::FileWeights::Keep);
  session::Stepper stepper(runner, data, function == "train_step");
  for (int64_t i = 0; i < 1 + steps / 10; ++i)
    stepper.run();
  codegen::FunctionProfile &clocks = *session.compiled().profile(function);
  auto source = session.module().lookupSymbol<mlir::func::FuncOp>(function);
  StepProfile profile;
  profile.kernels = describeKernels(source, runner.signature().batchSize);
  Samples samples(profile.kernels.size());
  for (int64_t i = 0; i < steps; ++i) {
    clocks.restart();
    double milliseconds = stepper.run();
    samples.add(milliseconds, clocks);
  }
  std::vector<int64_t> tasks = clocks.taskCounts();
  for (size_t i = 0; i < profile.kernels.size(); ++i) {
    profile.kernels[i].tasks = tasks[i];
    profile.kernels[i].milliseconds = quantile(samples.ofKernel[i], 0.5);
  }
  profile.stepMs = quantile(samples.ofStep, 0.5);
  profile.kernelsMs = quantile(samples.ofKernels, 0.5);
  profile.peakFlops = measurePeakFlops(session.threads());
  auto workingSet =
      static_cast<int64_t>(runner.signature().stateBytes + runner.signature().workspaceBytes);
  profile.bandwidth = measureBandwidth(session.threads(), workingSet);
  if (!tracePath.empty()) {
    clocks.restart(/*keepEvents=*/true);
    stepper.run();
    writeTrace(tracePath, clocks, profile.kernels);
  }
  std::stable_sort(profile.kernels.begin(), profile.kernels.end(),
                   [](const KernelProfile &a, const KernelProfile &b) {
                     return a.milliseconds > b.milliseconds;
                   });
  return profile;
}

nlohmann::ordered_json toJson(const StepProfile &profile) {
  auto kernels = nlohmann::ordered_json::array();
  for (const KernelProfile &kernel : profile.kernels)
    kernels.push_back({{"layer", kernel.layer},
                       {"family", kernel.family},
                       {"anchor", kernel.anchor},
                       {"tasks", kernel.tasks},
                       {"median_ms", number(kernel.milliseconds)},
                       {"flops", kernel.flops},
                       {"bytes", kernel.bytes},
                       {"gflops", number(kernel.flops / kernel.milliseconds / 1e6)},
                       {"gbytes_per_s", number(kernel.bytes / kernel.milliseconds / 1e6)},
                       {"roofline_share", number(profile.rooflineShare(kernel))}});
  return {{"step_ms", number(profile.stepMs)},
          {"kernels_ms", number(profile.kernelsMs)},
          {"peak_gflops", number(profile.peakFlops / 1e9)},
          {"bandwidth_gbytes_per_s", number(profile.bandwidth / 1e9)},
          {"kernels", kernels}};
}

namespace {

void printRow(const std::string &label, const KernelProfile &kernel, const StepProfile &profile) {
  output("{:<30} {:<18} {:<18} {:>6} {:>10.4f} {:>6.1f} {:>10.3f} {:>10.3f} {:>8.1f} {:>8.1f} "
         "{:>8.1f}\n",
         label, kernel.family, kernel.anchor, kernel.tasks, kernel.milliseconds,
         100 * kernel.milliseconds / profile.stepMs, kernel.flops / 1e6, kernel.bytes / 1e6,
         kernel.flops / kernel.milliseconds / 1e6, kernel.bytes / kernel.milliseconds / 1e6,
         100 * profile.rooflineShare(kernel));
}

void add(KernelProfile &sum, const KernelProfile &kernel) {
  sum.tasks += kernel.tasks;
  sum.milliseconds += kernel.milliseconds;
  sum.flops += kernel.flops;
  sum.bytes += kernel.bytes;
}

/// Work and time of several kernels together.
KernelProfile sumOf(std::span<const KernelProfile> kernels) {
  KernelProfile sum;
  for (const KernelProfile &kernel : kernels)
    add(sum, kernel);
  return sum;
}

/// Kernels of one family with the same anchor together, slowest first.
std::vector<std::pair<KernelProfile, int64_t>> groupKernels(const StepProfile &profile) {
  std::map<std::pair<std::string, std::string>, std::pair<KernelProfile, int64_t>> groups;
  for (const KernelProfile &kernel : profile.kernels) {
    auto &[sum, count] = groups[{kernel.family, kernel.anchor}];
    add(sum, kernel);
    ++count;
    sum.family = kernel.family;
    sum.anchor = kernel.anchor;
  }
  std::vector<std::pair<KernelProfile, int64_t>> result;
  for (auto &[key, group] : groups)
    result.push_back(std::move(group));
  std::sort(result.begin(), result.end(), [](const auto &a, const auto &b) {
    return a.first.milliseconds > b.first.milliseconds;
  });
  return result;
}

void printHeader(const char *first) {
  output("\n{:<30} {:<18} {:<18} {:>6} {:>10} {:>6} {:>10} {:>10} {:>8} {:>8} {:>8}\n", first,
         "family", "anchor", "tasks", "ms", "% step", "MFLOP", "MB", "GFLOP/s", "GB/s", "% roof");
}

} // namespace

void print(const StepProfile &profile, size_t rows) {
  std::span<const KernelProfile> kernels = profile.kernels;
  rows = std::min(rows, kernels.size());
  printHeader("layer");
  for (const KernelProfile &kernel : kernels.first(rows))
    printRow(kernel.layer.empty() ? "-" : printable(kernel.layer, 27), kernel, profile);
  if (rows < kernels.size())
    printRow(fmt::format("{} others", kernels.size() - rows), sumOf(kernels.subspan(rows)),
             profile);
  KernelProfile total = sumOf(kernels);
  total.milliseconds = profile.kernelsMs;
  printRow("all kernels", total, profile);
  printHeader("kernels");
  for (const auto &[sum, count] : groupKernels(profile))
    printRow(fmt::format("{}", count), sum, profile);
  output("\nstep {:.4f} ms with clocks, {:.4f} ms ({:.1f} %) of it outside kernels\n"
         "roofline: {:.1f} GFLOP/s, {:.1f} GB/s, measured\n",
         profile.stepMs, profile.stepMs - profile.kernelsMs,
         100 * (1 - profile.kernelsMs / profile.stepMs), profile.peakFlops / 1e9,
         profile.bandwidth / 1e9);
}

} // namespace lamina::tools
