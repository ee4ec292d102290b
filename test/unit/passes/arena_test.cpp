// Offsets of storages: disjoint while they live, tight where that is possible.
#include "passes/arena.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace lamina::passes {
namespace {

TEST(Arena, SharesMemoryOverTime) {
  std::vector<Storage> storages{{.bytes = 128, .firstWave = 0, .lastWave = 1},
                                {.bytes = 64, .firstWave = 1, .lastWave = 2},
                                {.bytes = 128, .firstWave = 2, .lastWave = 3}};
  EXPECT_EQ(assignOffsets(storages), 192);
  EXPECT_EQ(storages[0].offset, 0);
  EXPECT_EQ(storages[1].offset, 128);
  EXPECT_EQ(storages[2].offset, 0);
}

TEST(Arena, TakesTheSmallestGapThatFits) {
  // In wave 1 there are gaps of 256 and of 128 bytes between storages that live throughout.
  std::vector<Storage> storages{
      {.bytes = 1024, .firstWave = 0, .lastWave = 2}, {.bytes = 256, .firstWave = 0, .lastWave = 0},
      {.bytes = 192, .firstWave = 0, .lastWave = 2},  {.bytes = 128, .firstWave = 0, .lastWave = 0},
      {.bytes = 64, .firstWave = 0, .lastWave = 2},   {.bytes = 64, .firstWave = 1, .lastWave = 2}};
  EXPECT_EQ(assignOffsets(storages), 1024 + 256 + 192 + 128 + 64);
  EXPECT_EQ(storages[5].offset, storages[3].offset);
}

TEST(Arena, NothingNeedsNothing) {
  EXPECT_EQ(assignOffsets({}), 0);
  EXPECT_EQ(largestLiveBytes({}), 0);
}

TEST(Arena, RandomStoragesNeverOverlap) {
  std::mt19937_64 random(1);
  auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % limit); };
  for (int round = 0; round < 200; ++round) {
    std::vector<Storage> storages(1 + below(40));
    for (Storage &storage : storages) {
      storage.bytes = 64 * (1 + below(20));
      storage.firstWave = below(30);
      storage.lastWave = storage.firstWave + below(6);
    }
    int64_t total = assignOffsets(storages), sum = 0;
    for (const Storage &storage : storages) {
      sum += storage.bytes;
      EXPECT_LE(storage.offset + storage.bytes, total);
      for (const Storage &other : storages)
        if (&other != &storage && storage.isLiveWith(other))
          EXPECT_TRUE(storage.offset + storage.bytes <= other.offset ||
                      other.offset + other.bytes <= storage.offset);
    }
    EXPECT_GE(total, largestLiveBytes(storages));
    EXPECT_LE(total, sum);
    std::vector<Storage> again(storages);
    EXPECT_EQ(assignOffsets(again), total) << "deterministic";
  }
}

} // namespace
} // namespace lamina::passes
