// The time from one wave of tasks to the next: how long a parallel-for takes whose tasks do nothing
// but wait until each thread has one, so that hand-over and barrier are in it; and one whose tasks
// do nothing at all, which whoever comes first may run alone.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "runtime/lamina_runtime.h"
#include "runtime/processor.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Wave {
  uint32_t tasks;
  std::atomic<uint64_t> begun = 0; ///< tasks of all waves
  uint64_t waves = 0;              ///< before this one
};

void doNothing(void *context, uint32_t, uint32_t) {
  static_cast<Wave *>(context)->begun.fetch_add(1, std::memory_order_relaxed);
}

/// Ends when all tasks of the wave have begun.
void meet(void *context, uint32_t, uint32_t) {
  auto *wave = static_cast<Wave *>(context);
  wave->begun.fetch_add(1);
  while (wave->begun.load() < (wave->waves + 1) * wave->tasks)
    lamina_pause();
}

struct Figures {
  double median, best, p90; ///< nanoseconds of one wave
};

using Task = void (*)(void *context, uint32_t index, uint32_t slot);

/// Of `rounds` rounds of 1,000 waves each, one after the other.
Figures measure(const lamina_env &env, Task task, uint32_t tasks, int rounds) {
  constexpr int kWaves = 1000;
  Wave state{tasks};
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    auto start = Clock::now();
    for (int wave = 0; wave < kWaves; ++wave, ++state.waves)
      env.parallel_for_slots(env.pool, task, &state, tasks);
    times.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() /
                    kWaves);
  }
  if (state.begun != state.waves * tasks) {
    std::fprintf(stderr, "error: a task was lost or run twice\n");
    std::exit(1);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.front(), times[times.size() * 9 / 10]};
}

} // namespace

int main(int argc, char **argv) {
  int rounds = argc > 1 ? std::atoi(argv[1]) : 200;
  if (argc > 2 || rounds < 1) {
    std::fprintf(stderr, "usage: pool_bench [ROUNDS]   rounds of 1,000 waves (200)\n");
    return 2;
  }
  std::printf("%8s %-14s %10s %10s %10s\n", "threads", "tasks", "median ns", "best ns", "p90 ns");
  for (uint32_t threads = 1; threads <= lamina_available_cpus(); threads *= 2) {
    lamina_pool *pool = lamina_pool_create(threads);
    lamina_env env = lamina_pool_env(pool);
    for (auto [name, task] :
         {std::pair<const char *, Task>{"do nothing", doNothing}, {"meet", meet}}) {
      Figures figures = measure(env, task, threads, rounds);
      std::printf("%8u %-14s %10.0f %10.0f %10.0f\n", threads, name, figures.median, figures.best,
                  figures.p90);
    }
    lamina_pool_destroy(pool);
  }
}
