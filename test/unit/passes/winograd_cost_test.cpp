// When Winograd's minimal filtering is worth while.
#include "passes/simplify/winograd_cost.h"

#include <gtest/gtest.h>

namespace lamina::passes {
namespace {

using Estimate = double (*)(const WinogradShape &, int64_t, int64_t);

class WinogradCost : public testing::TestWithParam<Estimate> {};

TEST_P(WinogradCost, GrowsWithEveryExtent) {
  WinogradShape shape{28, 28, 64, 64};
  for (int64_t tile : {2, 4})
    for (int64_t WinogradShape::*extent : {&WinogradShape::height, &WinogradShape::width,
                                           &WinogradShape::channels, &WinogradShape::filters}) {
      WinogradShape larger = shape;
      larger.*extent *= 2;
      EXPECT_GT(GetParam()(larger, tile, 8), GetParam()(shape, tile, 8));
    }
}

TEST_P(WinogradCost, LargeImagesOfManyChannelsTakeLargeSquares) {
  EXPECT_EQ(chooseWinogradSide({56, 56, 256, 256}, 8, GetParam()), 4);
  EXPECT_EQ(chooseWinogradSide({14, 14, 512, 512}, 8, GetParam()), 4);
}

/// Squares of 4 would compute nine outputs of sixteen for nothing, and more.
TEST_P(WinogradCost, SmallImagesDoNotTakeLargeSquares) {
  EXPECT_NE(chooseWinogradSide({2, 2, 256, 256}, 8, GetParam()), 4);
  EXPECT_EQ(chooseWinogradSide({1, 1, 256, 256}, 8, GetParam()), 0);
}

/// The transforms are more than the products that they save.
TEST_P(WinogradCost, FewChannelsAreComputedDirectly) {
  EXPECT_EQ(chooseWinogradSide({224, 224, 3, 64}, 8, GetParam()), 0);
  EXPECT_EQ(chooseWinogradSide({56, 56, 4, 4}, 8, GetParam()), 0);
}

INSTANTIATE_TEST_SUITE_P(Directions, WinogradCost,
                         testing::Values(estimateWinograd, estimateWinogradGradient));

} // namespace
} // namespace lamina::passes
