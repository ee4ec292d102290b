#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace lamina::codegen {

/// The clock that profiled code reads: nanoseconds, steady.
int64_t profileClock();

/// What profiled code tells about its kernels while it runs: each task of a kernel and each wave is
/// reported when it is done. One call of the function at a time.
class FunctionProfile {
public:
  /// A task of kernel `kernel`, which ran on the `thread`-th thread seen.
  struct Event {
    uint32_t kernel, thread;
    int64_t begin, end; ///< profileClock
  };

  /// `waveOf[k]` is the wave of kernel k; kernels are numbered in the function's order.
  explicit FunctionProfile(std::vector<size_t> waveOf);

  /// Forgets what was told so far. With `keepEvents` single tasks are remembered from here on.
  void restart(bool keepEvents = false);

  /// Nanoseconds by kernel since the restart. A wave's time is shared out to its kernels by the
  /// time that their tasks took, so that the sum is the time spent in waves, whatever the threads.
  std::vector<double> kernelTimes() const;
  /// Tasks by kernel since the restart.
  std::vector<int64_t> taskCounts() const;
  const std::vector<Event> &events() const { return taskEvents; }

  void addTask(uint32_t kernel, int64_t begin, int64_t end);
  void addWave(uint32_t wave, int64_t begin, int64_t end) { waveTimes[wave] += end - begin; }

private:
  struct Counter {
    std::atomic<int64_t> nanoseconds = 0, tasks = 0;
  };

  std::vector<size_t> waveOf;
  std::vector<Counter> busy;
  std::vector<int64_t> waveTimes;
  bool keepsEvents = false;
  std::mutex eventMutex;
  std::vector<Event> taskEvents;
};

/// The function that profiled code calls, with the profile's address as a constant.
void profileTask(FunctionProfile *profile, uint32_t kernel, int64_t begin);
void profileWave(FunctionProfile *profile, uint32_t wave, int64_t begin);

} // namespace lamina::codegen
