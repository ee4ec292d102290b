#include "trainer/data/shuffle.h"

#include <numeric>
#include <utility>

namespace lamina::trainer {

uint64_t philox2x32(uint32_t key, uint64_t counter) {
  auto low = static_cast<uint32_t>(counter), high = static_cast<uint32_t>(counter >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t product = uint64_t(0xd256d193u) * low;
    low = static_cast<uint32_t>(product >> 32) ^ key ^ high;
    high = static_cast<uint32_t>(product);
    key += 0x9e3779b9u;
  }
  return uint64_t(high) << 32 | low;
}

/// Fisher and Yates' shuffle. The key folds seed and epoch through the generator itself; scaling
/// 64 bits to fewer than 2^32 choices is biased by less than 2^-32.
std::vector<uint32_t> shuffledRows(uint64_t seed, int64_t epoch, uint32_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  auto seedKey = static_cast<uint32_t>(philox2x32(static_cast<uint32_t>(seed >> 32), seed));
  auto key = static_cast<uint32_t>(philox2x32(seedKey, static_cast<uint64_t>(epoch)));
  for (uint32_t i = count; i > 1; --i) {
    auto scaled = static_cast<unsigned __int128>(philox2x32(key, i)) * i;
    std::swap(rows[i - 1], rows[static_cast<uint32_t>(scaled >> 64)]);
  }
  return rows;
}

} // namespace lamina::trainer
