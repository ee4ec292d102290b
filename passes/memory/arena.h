#pragma once

#include <cstdint>
#include <span>

namespace lamina::passes {

/// A piece of the arena and the waves in which it is in use.
struct LiveBuffer {
  int64_t bytes = 0;
  int64_t firstWave = 0, lastWave = 0; ///< inclusive
  int64_t offset = 0;

  bool isLiveWith(const LiveBuffer &other) const {
    return firstWave <= other.lastWave && other.firstWave <= lastWave;
  }
};

/// Gives every buffer an offset such that no two that live at the same time overlap, and returns
/// the bytes needed for all. Offsets are sums of `bytes`, so they are aligned as these are.
///
/// Greedy by size with best fit: the largest buffer first, each into the smallest gap that holds
/// it among those that live with it (Pisarchyk and Lee, "Efficient Memory Management for Deep
/// Neural Net Inference", 2020). Equal sizes go in order of their first wave, then of their index.
int64_t assignOffsets(std::span<LiveBuffer> buffers);

/// The most bytes that live in one wave: no assignment needs less.
int64_t largestLiveBytes(std::span<const LiveBuffer> buffers);

} // namespace lamina::passes
