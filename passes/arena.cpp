#include "passes/arena.h"

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
int64_t findBestFit(const std::vector<const Storage *> &neighbours, int64_t bytes) {
  int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), end = 0;
  for (const Storage *neighbour : neighbours) {
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

int64_t assignOffsets(std::span<Storage> storages) {
  std::vector<size_t> order(storages.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) {
    return std::tuple(-storages[i].bytes, storages[i].firstWave, i);
  });
  std::vector<const Storage *> placed; // in order of their offsets
  int64_t total = 0;
  for (size_t index : order) {
    Storage &storage = storages[index];
    std::vector<const Storage *> neighbours;
    std::ranges::copy_if(placed, std::back_inserter(neighbours),
                         [&](const Storage *other) { return other->isLiveWith(storage); });
    storage.offset = findBestFit(neighbours, storage.bytes);
    total = std::max(total, storage.offset + storage.bytes);
    placed.insert(std::ranges::upper_bound(placed, storage.offset, {}, &Storage::offset), &storage);
  }
  return total;
}

int64_t largestLiveBytes(std::span<const Storage> storages) {
  std::map<int64_t, int64_t> changes; // at the beginning of a wave
  for (const Storage &storage : storages) {
    changes[storage.firstWave] += storage.bytes;
    changes[storage.lastWave + 1] -= storage.bytes;
  }
  int64_t live = 0, largest = 0;
  for (auto [wave, change] : changes) {
    live += change;
    largest = std::max(largest, live);
  }
  return largest;
}

} // namespace lamina::passes
