#pragma once

#include <cstdint>

/// The machine's peak rates, measured in this process.
namespace lamina::tools {

/// f32 FLOPS that `threads` threads reach together with nothing but multiply-adds in registers,
/// measured for a few milliseconds, with the instructions of a level of x86-64 at most: 4
/// (AVX-512), 3 (AVX2 and FMA) or 1, whose multiply-adds are two instructions. 0 on other
/// architectures.
double measurePeakFlops(uint32_t threads, unsigned level = 4);

/// Bytes a second, reads and writes together, that `threads` threads reach together when they copy
/// within a working set of so many bytes again and again: a cache's bandwidth where it fits into
/// one, otherwise the memory's. Measured for some tens of milliseconds.
double measureBandwidth(uint32_t threads, int64_t workingSet);

} // namespace lamina::tools
