#include "tools/lamina/roofline.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

#include "support/threads.h"

namespace lamina::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kMeasuringTime = std::chrono::milliseconds(4);
constexpr int kBandwidthRounds = 5;
/// Bytes that a thread copies in a round, at the least.
constexpr size_t kCopiedBytes = size_t(16) << 20;

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

typedef float Vector4 __attribute__((vector_size(16)));
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));

__attribute__((target("avx512f"), noinline)) float multiplyAdd16(float start) {
  LAMINA_MULTIPLY_ADD_LOOP(Vector16)
}

__attribute__((target("avx2,fma"), noinline)) float multiplyAdd8(float start) {
  LAMINA_MULTIPLY_ADD_LOOP(Vector8)
}

__attribute__((noinline)) float multiplyAdd4(float start) {
  LAMINA_MULTIPLY_ADD_LOOP(Vector4)
}

#undef LAMINA_MULTIPLY_ADD_LOOP

struct MultiplyAdds {
  float (*run)(float start);
  int lanes;
};

/// The widest ones that the processor and the level have.
MultiplyAdds chooseMultiplyAdds(unsigned level) {
  if (level >= 4 && __builtin_cpu_supports("avx512f"))
    return {multiplyAdd16, 16};
  if (level >= 3 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {multiplyAdd8, 8};
  return {multiplyAdd4, 4};
}

/// FLOPS of the best round of one thread.
double measureOneThread(unsigned level) {
  MultiplyAdds multiplyAdds = chooseMultiplyAdds(level);
  double flops = 2.0 * kRounds * kChains * multiplyAdds.lanes, best = 0;
  volatile float sink = 1;
  for (auto start = Clock::now(); Clock::now() - start < kMeasuringTime;) {
    auto before = Clock::now();
    sink = multiplyAdds.run(sink);
    std::chrono::duration<double> seconds = Clock::now() - before;
    best = std::max(best, flops / seconds.count());
  }
  return best;
}

} // namespace

double measurePeakFlops(uint32_t threads, unsigned level) {
  std::vector<double> each(threads, 0.0);
  runTeam(threads, [&](uint32_t thread) { each[thread] = measureOneThread(level); });
  double total = 0;
  for (double flops : each)
    total += flops;
  return total;
}

double measureBandwidth(uint32_t wanted, int64_t workingSet) {
  // All of them wait for each other, so there must be as many.
  uint32_t threads = countStartableThreads(wanted);
  // Each thread copies one half of its part of the working set onto the other.
  size_t half = std::max<size_t>(static_cast<size_t>(workingSet) / threads / 2, 4096);
  size_t copies = std::max<size_t>(kCopiedBytes / half, 1);
  std::barrier round(threads);
  double best = 0;
  runTeam(threads, [&](uint32_t thread) {
    auto source = std::make_unique<char[]>(half), target = std::make_unique<char[]>(half);
    for (int i = 0; i < kBandwidthRounds; ++i) {
      round.arrive_and_wait();
      auto start = Clock::now();
      for (size_t copy = 0; copy < copies; ++copy) {
        std::memcpy(target.get(), source.get(), half);
        std::swap(source, target);
      }
      round.arrive_and_wait();
      std::chrono::duration<double> seconds = Clock::now() - start;
      double bytes = 2.0 * static_cast<double>(half * copies) * threads;
      if (thread == 0)
        best = std::max(best, bytes / seconds.count());
    }
  });
  return best;
}

} // namespace lamina::tools
