// kernel_bench: single kernels of Lamina beside libraries, through Google Benchmark.
//
// Names are KERNEL/DIRECTION/CONTENDER/threads:N. Counters: FLOP/s, share of the multiply-add peak
// of as many threads with the contender's instructions (peak), and bytes/s of kernels that are
// bound by memory; all of the fastest batch of runs, which on one thread are timed by what the
// thread spent on a processor: both keep out what else a machine does.
#include <cmath>
#include <ctime>
#include <limits>
#include <map>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/kernels/compiled_kernel.h"
#include "bench/kernels/contender.h"
#include "codegen/target/target.h"
#include "runtime/lamina_runtime.h"
#include "support/error.h"
#include "tools/lamina/roofline.h"

namespace lamina::bench {
namespace {

std::vector<std::unique_ptr<Contender>> makeContenders() {
  std::vector<std::unique_ptr<Contender>> contenders;
  contenders.push_back(makeLamina());
  contenders.push_back(makeLaminaDirect());
  contenders.push_back(makeLaminaOfLevel(1));
  if (codegen::hostTarget().level > 3)
    contenders.push_back(makeLaminaOfLevel(3));
#ifdef LAMINA_BENCH_OPENBLAS
  contenders.push_back(makeOpenBlas());
#endif
#ifdef LAMINA_BENCH_ONEDNN
  contenders.push_back(makeOneDnn());
#endif
  return contenders;
}

/// Multiply-adds of elements of a type; a register holds half as many f64 as f32.
double peakFlops(unsigned threads, unsigned level, const std::string &type) {
  static std::map<std::pair<unsigned, unsigned>, double> measured;
  auto [entry, isNew] = measured.try_emplace({threads, level}, 0);
  if (isNew)
    entry->second = tools::measurePeakFlops(threads, level);
  return type == "f64" ? entry->second / 2 : entry->second;
}

/// Google Benchmark calls a benchmark several times until it has taken long enough; the kernel is
/// prepared for the first one and forgotten when the next benchmark begins.
template <typename Kernel, typename Prepare>
Kernel &preparedOnce(const std::string &name, Prepare prepare) {
  static std::string owner;
  static std::optional<Kernel> kernel;
  if (owner != name || !kernel) {
    kernel.reset();
    kernel.emplace(prepare());
    owner = name;
  }
  return *kernel;
}

/// Seconds of one batch of runs: the clocks' own costs do not count.
constexpr double kBatchSeconds = 300e-6;

double secondsNow(unsigned threads) {
  timespec now{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds of a run in the fastest batch.
template <typename Work>
double measureFastest(benchmark::State &state, unsigned threads, const Work &run) {
  auto time = [&](int64_t runs) {
    double start = secondsNow(threads);
    for (int64_t i = 0; i < runs; ++i)
      run();
    return (secondsNow(threads) - start) / static_cast<double>(runs);
  };
  run();
  auto batch = static_cast<int64_t>(std::ceil(kBatchSeconds / std::max(time(1), 1e-7)));
  double fastest = std::numeric_limits<double>::infinity();
  while (state.KeepRunningBatch(batch))
    fastest = std::min(fastest, time(batch));
  return fastest;
}

template <typename Case>
void registerCase(Contender &contender, const Case &kernel, Direction direction, unsigned threads) {
  std::string name =
      fmt::format("{}/{}/{}/threads:{}", kernel.name, nameOf(direction), contender.name(), threads);
  auto measure = [=, &contender](benchmark::State &state) {
    try {
      Run &run =
          preparedOnce<Run>(name, [&] { return contender.prepare(kernel, direction, threads); });
      double flops = flopsOfModule(kernel.moduleText()) / measureFastest(state, threads, run);
      state.counters["FLOP/s"] = flops;
      state.counters["peak"] = flops / peakFlops(threads, contender.level(), kernel.type);
    } catch (const std::exception &error) {
      state.SkipWithError(error.what());
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), measure)->UseRealTime();
}

void registerChain(const Chain &chain, unsigned threads) {
  std::string name = fmt::format("{}/forward/lamina/threads:{}", chain.name, threads);
  auto measure = [=](benchmark::State &state) {
    try {
      auto &kernel = *preparedOnce<std::unique_ptr<CompiledKernel>>(name, [&] {
        return std::make_unique<CompiledKernel>(chain.text, Direction::Forward, threads,
                                                codegen::CompileOptions());
      });
      state.counters["bytes/s"] =
          kernel.bytes() / measureFastest(state, threads, [&] { kernel.run(); });
    } catch (const std::exception &error) {
      state.SkipWithError(error.what());
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), measure)->UseRealTime();
}

void registerAll(const std::vector<std::unique_ptr<Contender>> &contenders) {
  std::vector<unsigned> teams = {1};
  if (unsigned all = std::min(lamina_available_cpus(), 2u); all > 1)
    teams.push_back(all);
  for (unsigned threads : teams) {
    for (const auto &contender : contenders)
      for (Direction direction : kDirections) {
        for (const Dense &dense : denseCases())
          if (contender->offers(dense))
            registerCase(*contender, dense, direction, threads);
        for (const Convolution &convolution : convolutionCases())
          if (contender->offers(convolution))
            registerCase(*contender, convolution, direction, threads);
      }
    for (const Chain &chain : chainCases())
      registerChain(chain, threads);
  }
}

} // namespace
} // namespace lamina::bench

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  auto contenders = lamina::bench::makeContenders();
  lamina::bench::registerAll(contenders);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
