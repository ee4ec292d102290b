#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace lamina::frontend {

struct ContainmentLimits {
  /// Memory that the work may use on top of what the process has already.
  uint64_t memoryBytes = uint64_t(256) << 20;
  unsigned cpuSeconds = 1;
  /// Against work that waits instead of computing; generous, because the machine may be busy.
  unsigned wallSeconds = 60;
  uint64_t outputBytes = uint64_t(64) << 20;
};

struct ContainedResult {
  enum class Outcome { Finished, Crashed, OutOfTime, OutOfMemory, TooMuchOutput };
  Outcome outcome = Outcome::Finished;
  std::vector<std::byte> output;
};

/// Whether `memoryBytes` holds and nothing can be opened: not under the sanitizers, whose shadow
/// memory is address space, too, and who ask through a pipe whether memory can be read.
bool isFullyConfined();

/// Hands bytes to the process that waits for them; false when it is gone or memory ran out.
using ContainedSink = std::function<bool(const void *data, size_t size)>;

/// Runs `work` in a forked child, so that a crash, an endless loop or a memory leak on hostile
/// input ends the child and nothing else. The child sees the caller's memory as it is at the call,
/// has no standard streams, dumps no core, catches no signal, cannot open files and ends with its
/// parent. Its output is the sink's bytes; they are as untrusted as the input.
///
/// `work` returns true when it came to its end. It must not throw; what it throws anyway counts as
/// a crash. Throws UserError when no process can be created.
ContainedResult runContained(const std::function<bool(const ContainedSink &)> &work,
                             const ContainmentLimits &limits);

} // namespace lamina::frontend
