#include "passes/memory/arena.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <vector>

namespace lamina::passes {
namespace {

/// The offset of the smallest gap between `neighbours` (in order of their offsets) that holds
/// `bytes`; behind the last one when none does.
int64_t findBestFit(const std::vector<const LiveBuffer *> &neighbours, int64_t bytes) {
  int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), end = 0;
  for (const LiveBuffer *neighbour : neighbours) {
    int64_t gap = neighbour->offset - end;
    if (gap >= bytes && gap < bestGap) {
      best = end;
      bestGap = gap;
    }
    end = std::max(end, neighbour->offset + neighbour->bytes);
  }
  return best < 0 ? end : best;
}

} // namespace

int64_t assignOffsets(std::span<LiveBuffer> buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(
      order, {}, [&](size_t i) { return std::tuple(-buffers[i].bytes, buffers[i].firstWave, i); });
  std::vector<const LiveBuffer *> placed; // in order of their offsets
  int64_t total = 0;
  for (size_t index : order) {
    LiveBuffer &buffer = buffers[index];
    std::vector<const LiveBuffer *> neighbours;
    std::ranges::copy_if(placed, std::back_inserter(neighbours),
                         [&](const LiveBuffer *other) { return other->isLiveWith(buffer); });
    buffer.offset = findBestFit(neighbours, buffer.bytes);
    total = std::max(total, buffer.offset + buffer.bytes);
    placed.insert(std::ranges::upper_bound(placed, buffer.offset, {}, &LiveBuffer::offset),
                  &buffer);
  }
  return total;
}

int64_t largestLiveBytes(std::span<const LiveBuffer> buffers) {
  std::map<int64_t, int64_t> changes; // at the beginning of a wave
  for (const LiveBuffer &buffer : buffers) {
    changes[buffer.firstWave] += buffer.bytes;
    changes[buffer.lastWave + 1] -= buffer.bytes;
  }
  int64_t live = 0, largest = 0;
  for (auto [wave, change] : changes) {
    live += change;
    largest = std::max(largest, live);
  }
  return largest;
}

} // namespace lamina::passes
