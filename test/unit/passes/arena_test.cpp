// Offsets of buffers: disjoint while they live, tight where that is possible.
#include "passes/memory/arena.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace lamina::passes {
namespace {

TEST(Arena, SharesMemoryOverTime) {
  std::vector<LiveBuffer> buffers{{.bytes = 128, .firstWave = 0, .lastWave = 1},
                                  {.bytes = 64, .firstWave = 1, .lastWave = 2},
                                  {.bytes = 128, .firstWave = 2, .lastWave = 3}};
  EXPECT_EQ(assignOffsets(buffers), 192);
  EXPECT_EQ(buffers[0].offset, 0);
  EXPECT_EQ(buffers[1].offset, 128);
  EXPECT_EQ(buffers[2].offset, 0);
}

TEST(Arena, TakesTheSmallestGapThatFits) {
  // In wave 1 there are gaps of 256 and of 128 bytes between buffers that live throughout.
  std::vector<LiveBuffer> buffers{
      {.bytes = 1024, .firstWave = 0, .lastWave = 2}, {.bytes = 256, .firstWave = 0, .lastWave = 0},
      {.bytes = 192, .firstWave = 0, .lastWave = 2},  {.bytes = 128, .firstWave = 0, .lastWave = 0},
      {.bytes = 64, .firstWave = 0, .lastWave = 2},   {.bytes = 64, .firstWave = 1, .lastWave = 2}};
  EXPECT_EQ(assignOffsets(buffers), 1024 + 256 + 192 + 128 + 64);
  EXPECT_EQ(buffers[5].offset, buffers[3].offset);
}

TEST(Arena, NothingNeedsNothing) {
  EXPECT_EQ(assignOffsets({}), 0);
  EXPECT_EQ(largestLiveBytes({}), 0);
}

TEST(Arena, RandomBuffersNeverOverlap) {
  std::mt19937_64 random(1);
  auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % limit); };
  for (int round = 0; round < 200; ++round) {
    std::vector<LiveBuffer> buffers(1 + below(40));
    for (LiveBuffer &buffer : buffers) {
      buffer.bytes = 64 * (1 + below(20));
      buffer.firstWave = below(30);
      buffer.lastWave = buffer.firstWave + below(6);
    }
    int64_t total = assignOffsets(buffers), sum = 0;
    for (const LiveBuffer &buffer : buffers) {
      sum += buffer.bytes;
      EXPECT_LE(buffer.offset + buffer.bytes, total);
      for (const LiveBuffer &other : buffers)
        if (&other != &buffer && buffer.isLiveWith(other))
          EXPECT_TRUE(buffer.offset + buffer.bytes <= other.offset ||
                      other.offset + other.bytes <= buffer.offset);
    }
    EXPECT_GE(total, largestLiveBytes(buffers));
    EXPECT_LE(total, sum);
    std::vector<LiveBuffer> again(buffers);
    EXPECT_EQ(assignOffsets(again), total) << "deterministic";
  }
}

} // namespace
} // namespace lamina::passes
