#pragma once

#include <cstdint>
#include <functional>

namespace lamina {

/// How many of `wanted` threads, the caller's included, can run at once: fewer where a limit on
/// processes or on address space leaves no room for more. At least 1.
uint32_t countStartableThreads(uint32_t wanted);

/// Runs `work(member)` on `wanted` threads at once, on the caller's as member 0, and waits for all.
/// Where no more threads can be started there are fewer members. `work` does not throw.
void runTeam(uint32_t wanted, const std::function<void(uint32_t member)> &work);

} // namespace lamina
