#pragma once

#include <cstdint>
#include <vector>

namespace lamina::trainer {

/// Philox 2x32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
/// 2011): 64 random bits as a pure function of key and counter.
uint64_t philox2x32(uint32_t key, uint64_t counter);

/// A random order of the rows [0, count) for one epoch: a pure function of seed and epoch, so that
/// resumed training meets the rows in the same order. `count` is below 2^32.
std::vector<uint32_t> shuffledRows(uint64_t seed, int64_t epoch, uint32_t count);

} // namespace lamina::trainer
