#pragma once

#include <cstdint>

namespace lamina {

/// How many of `wanted` threads, the caller's included, can run at once: fewer where a limit on
/// processes or on address space leaves no room for more. At least 1.
uint32_t countStartableThreads(uint32_t wanted);

} // namespace lamina
