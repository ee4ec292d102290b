#include "tools/lamina/cost.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "ir/module.h"

namespace lamina::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kMeasuringTime = std::chrono::milliseconds(4);

#if defined(__x86_64__)

constexpr int kRounds = 4096;
/// Enough independent chains to hide the latency of a multiply-add on two ports.
constexpr int kChains = 12;

/// Runs kRounds * kChains multiply-adds on vectors of type Vector.
#define LAMINA_MULTIPLY_ADD_LOOP(Vector)                                                           \
  Vector sums[kChains];                                                                            \
  for (int i = 0; i < kChains; ++i)                                                                \
    sums[i] = Vector{} + start;                                                                    \
  Vector factor = Vector{} + 0.999f, addend = Vector{} + 0.001f;                                   \
  for (int round = 0; round < kRounds; ++round)                                                    \
    for (int i = 0; i < kChains; ++i)                                                              \
      sums[i] = sums[i] * factor + addend;                                                         \
  float total = 0;                                                                                 \
  for (int i = 0; i < kChains; ++i)                                                                \
    total += sums[i][0];                                                                           \
  return total;

typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));

__attribute__((target("avx512f"), noinline)) float multiplyAdd16(float start) {
  LAMINA_MULTIPLY_ADD_LOOP(Vector16)
}

__attribute__((target("avx2,fma"), noinline)) float multiplyAdd8(float start) {
  LAMINA_MULTIPLY_ADD_LOOP(Vector8)
}

#undef LAMINA_MULTIPLY_ADD_LOOP

/// FLOPS of the best round of one thread.
double measureOneThread() {
  bool wide = __builtin_cpu_supports("avx512f");
  if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))
    return 0;
  double flops = 2.0 * kRounds * kChains * (wide ? 16 : 8), best = 0;
  volatile float sink = 1;
  for (auto start = Clock::now(); Clock::now() - start < kMeasuringTime;) {
    auto before = Clock::now();
    sink = wide ? multiplyAdd16(sink) : multiplyAdd8(sink);
    std::chrono::duration<double> seconds = Clock::now() - before;
    best = std::max(best, flops / seconds.count());
  }
  return best;
}

#else

double measureOneThread() {
  return 0;
}

#endif

} // namespace

double countFlops(mlir::func::FuncOp function) {
  int64_t batchSize = ir::getBatchSize(function->getParentOfType<mlir::ModuleOp>());
  double flops = 0;
  function.walk([&](ir::DotGeneralOp op) {
    auto lhs = mlir::cast<mlir::RankedTensorType>(op.getLhs().getType());
    auto output = mlir::cast<mlir::RankedTensorType>(op.getOutput().getType());
    double contracted = 1;
    for (int64_t dimension : op.getLhsContractingDimensions())
      contracted *= lhs.isDynamicDim(dimension) ? static_cast<double>(batchSize)
                                                : static_cast<double>(lhs.getDimSize(dimension));
    flops += 2.0 * contracted * static_cast<double>(ir::getCapacityElements(output, batchSize));
  });
  return flops;
}

double measurePeakFlops(uint32_t threads) {
  std::vector<double> each(threads, 0.0);
  std::vector<std::thread> team;
  for (uint32_t i = 1; i < threads; ++i)
    team.emplace_back([&each, i] { each[i] = measureOneThread(); });
  each[0] = measureOneThread();
  for (std::thread &thread : team)
    thread.join();
  double total = 0;
  for (double flops : each)
    total += flops;
  return total;
}

} // namespace lamina::tools
