#include "trainer/data/shuffle.h"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

using namespace lamina::trainer;

TEST(Shuffle, PhiloxKnownAnswers) {
  // Known answers of Random123's kat_vectors for philox2x32 with 10 rounds.
  EXPECT_EQ(philox2x32(0, 0), 0x6cd10df2ff1dae59u);
  EXPECT_EQ(philox2x32(0xffffffff, 0xffffffffffffffff), 0xab4fd7ad2c3f628bu);
  EXPECT_EQ(philox2x32(0x13198a2e, 0x85a308d3243f6a88), 0xf62a4c12dd7ce038u);
}

TEST(Shuffle, IsAPermutation) {
  auto rows = shuffledRows(1, 0, 1000);
  EXPECT_FALSE(std::is_sorted(rows.begin(), rows.end()));
  std::sort(rows.begin(), rows.end());
  std::vector<uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0u);
  EXPECT_EQ(rows, all);
}

TEST(Shuffle, DependsOnSeedAndEpochAlone) {
  EXPECT_EQ(shuffledRows(7, 3, 50), shuffledRows(7, 3, 50));
  EXPECT_NE(shuffledRows(7, 3, 50), shuffledRows(7, 4, 50));
  EXPECT_NE(shuffledRows(7, 3, 50), shuffledRows(8, 3, 50));
  EXPECT_NE(shuffledRows(7, 3, 50), shuffledRows(uint64_t(7) << 32, 3, 50));
}

TEST(Shuffle, EveryRowComesFirstAboutEquallyOften) {
  int first[8] = {};
  for (int64_t epoch = 0; epoch < 8000; ++epoch)
    ++first[shuffledRows(42, epoch, 8)[0]];
  for (int count : first)
    EXPECT_NEAR(count, 1000, 150);
}

TEST(Shuffle, OneRowAndNoRow) {
  EXPECT_EQ(shuffledRows(1, 1, 1), std::vector<uint32_t>{0});
  EXPECT_TRUE(shuffledRows(1, 1, 0).empty());
}
