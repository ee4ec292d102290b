#include "codegen/functions/profile.h"

#include <algorithm>
#include <chrono>

namespace lamina::codegen {
namespace {

/// Numbers threads in the order in which they first ask.
uint32_t threadNumber() {
  static std::atomic<uint32_t> next = 0;
  thread_local uint32_t number = next++;
  return number;
}

} // namespace

int64_t profileClock() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

FunctionProfile::FunctionProfile(std::vector<size_t> waveOf)
    : waveOf(std::move(waveOf)), busy(this->waveOf.size()) {
  size_t waves = 0;
  for (size_t wave : this->waveOf)
    waves = std::max(waves, wave + 1);
  waveTimes.resize(waves);
}

void FunctionProfile::restart(bool keepEvents) {
  for (Counter &counter : busy) {
    counter.nanoseconds = 0;
    counter.tasks = 0;
  }
  std::fill(waveTimes.begin(), waveTimes.end(), 0);
  taskEvents.clear();
  keepsEvents = keepEvents;
}

std::vector<double> FunctionProfile::kernelTimes() const {
  std::vector<double> busyOfWave(waveTimes.size());
  for (size_t kernel = 0; kernel < busy.size(); ++kernel)
    busyOfWave[waveOf[kernel]] += static_cast<double>(busy[kernel].nanoseconds);
  std::vector<double> times;
  for (size_t kernel = 0; kernel < busy.size(); ++kernel) {
    size_t wave = waveOf[kernel];
    double part =
        busyOfWave[wave] > 0 ? static_cast<double>(busy[kernel].nanoseconds) / busyOfWave[wave] : 0;
    times.push_back(part * static_cast<double>(waveTimes[wave]));
  }
  return times;
}

std::vector<int64_t> FunctionProfile::taskCounts() const {
  std::vector<int64_t> counts;
  for (const Counter &counter : busy)
    counts.push_back(counter.tasks);
  return counts;
}

void FunctionProfile::addTask(uint32_t kernel, int64_t begin, int64_t end) {
  busy[kernel].nanoseconds.fetch_add(end - begin, std::memory_order_relaxed);
  busy[kernel].tasks.fetch_add(1, std::memory_order_relaxed);
  if (!keepsEvents)
    return;
  std::lock_guard lock(eventMutex);
  taskEvents.push_back({kernel, threadNumber(), begin, end});
}

void profileTask(FunctionProfile *profile, uint32_t kernel, int64_t begin) {
  profile->addTask(kernel, begin, profileClock());
}

void profileWave(FunctionProfile *profile, uint32_t wave, int64_t begin) {
  profile->addWave(wave, begin, profileClock());
}

} // namespace lamina::codegen
