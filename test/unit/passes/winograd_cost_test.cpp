// When Winograd's minimal filtering is worth while.
#include "passes/simplify/winograd_cost.h"

#include <gtest/gtest.h>

namespace lamina::passes {
namespace {

using ir::WinogradShape;

class WinogradCost : public testing::TestWithParam<WinogradEstimate> {
protected:
  /// For a convolution whose padding keeps the size of its images.
  int64_t chooseSide(const WinogradShape &shape) {
    constexpr int64_t kLanes = 8;
    auto meetings = static_cast<double>((3 * shape.height - 2) * (3 * shape.width - 2));
    double multiplyAdds = meetings * static_cast<double>(shape.channels * shape.filters);
    return chooseWinogradSide(estimateDirect(multiplyAdds, shape.filters, kLanes), shape, kLanes,
                              GetParam());
  }
};

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
  EXPECT_EQ(chooseSide({56, 56, 256, 256}), 4);
  EXPECT_EQ(chooseSide({14, 14, 512, 512}), 4);
}

/// Squares of 4 would compute nine outputs of sixteen for nothing, and more.
TEST_P(WinogradCost, SmallImagesDoNotTakeLargeSquares) {
  EXPECT_NE(chooseSide({2, 2, 256, 256}), 4);
  EXPECT_EQ(chooseSide({1, 1, 256, 256}), 0);
}

/// The transforms are more than the products that they save.
TEST_P(WinogradCost, FewChannelsAreComputedDirectly) {
  EXPECT_EQ(chooseSide({224, 224, 3, 64}), 0);
  EXPECT_EQ(chooseSide({56, 56, 4, 4}), 0);
}

INSTANTIATE_TEST_SUITE_P(Directions, WinogradCost,
                         testing::Values(estimateWinograd, estimateWinogradGradient));

} // namespace
} // namespace lamina::passes
