#include "tools/lamina/cost.h"

#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "tools/lamina/roofline.h"

using namespace mlir;

namespace lamina::tools {
namespace {

class CostTest : public testing::Test {
protected:
  CostTest() { ir::loadDialects(context); }

  /// FLOPs of a function whose body is `operation`, at batches of `batchSize` rows.
  double flopsOf(const std::string &arguments, const std::string &operation, int64_t batchSize) {
    std::string text = "module attributes {lamina.batch_size = " + std::to_string(batchSize) +
                       " : i64} {\nfunc.func @f(" + arguments + ") {\n%y = " + operation +
                       "\nreturn\n}\n}";
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    return module ? countFlopsWithin(module->lookupSymbol<func::FuncOp>("f")) : -1;
  }

  MLIRContext context;
};

/// Pairs of output and tap that meet an element, tried one by one.
int64_t meetings(int64_t input, int64_t output, int64_t window, int64_t stride, int64_t low,
                 int64_t inputDilation = 1, int64_t windowDilation = 1) {
  int64_t count = 0;
  for (int64_t o = 0; o < output; ++o)
    for (int64_t k = 0; k < window; ++k) {
      int64_t place = o * stride + k * windowDilation - low;
      count += place >= 0 && place % inputDilation == 0 && place / inputDilation < input;
    }
  return count;
}

TEST_F(CostTest, ContractionsCountTwoForEveryMultiplyAdd) {
  EXPECT_EQ(flopsOf("%x: tensor<?x5xf32>, %w: tensor<5x7xf32>",
                    "lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0] : "
                    "(tensor<?x5xf32>, tensor<5x7xf32>) -> tensor<?x7xf32>",
                    3),
            2 * 3 * 5 * 7);
}

TEST_F(CostTest, ContractionsOverTheRows) {
  EXPECT_EQ(flopsOf("%x: tensor<?x5xf32>, %g: tensor<?x7xf32>",
                    "lamina.dot_general %x, %g, batching = [] x [], contracting = [0] x [0] : "
                    "(tensor<?x5xf32>, tensor<?x7xf32>) -> tensor<5x7xf32>",
                    3),
            2 * 3 * 5 * 7);
}

TEST_F(CostTest, ConvolutionsLeavePaddingOut) {
  // 3x3 "same" over 6x5: the border meets fewer taps.
  double taps = static_cast<double>(meetings(6, 6, 3, 1, 1) * meetings(5, 5, 3, 1, 1));
  EXPECT_EQ(taps, 16 * 13);
  EXPECT_EQ(flopsOf("%x: tensor<?x6x5x4xf32>, %w: tensor<3x3x4x8xf32>",
                    "lamina.convolution %x, %w, strides = [1, 1], low = [1, 1], high = [1, 1], "
                    "lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 : "
                    "(tensor<?x6x5x4xf32>, tensor<3x3x4x8xf32>) -> tensor<?x6x5x8xf32>",
                    2),
            2 * 2 * taps * 4 * 8);
}

TEST_F(CostTest, StridesDilationsAndGroups) {
  // Rows: dilated input, as in the gradient of a strided convolution. Columns: dilated filter.
  double taps = static_cast<double>(meetings(4, 9, 3, 1, 2, 2) * meetings(9, 4, 3, 2, 1, 1, 2));
  EXPECT_EQ(flopsOf("%x: tensor<?x4x9x6xf32>, %w: tensor<3x3x2x9xf32>",
                    "lamina.convolution %x, %w, strides = [1, 2], low = [2, 1], high = [2, 1], "
                    "lhs_dilation = [2, 1], rhs_dilation = [1, 2], groups = 3 : "
                    "(tensor<?x4x9x6xf32>, tensor<3x3x2x9xf32>) -> tensor<?x9x4x9xf32>",
                    5),
            2 * 5 * taps * 2 * 9);
}

TEST_F(CostTest, GradientsByTheFilterCostWhatTheConvolutionDoes) {
  double taps = static_cast<double>(meetings(7, 4, 3, 2, 1) * meetings(7, 4, 3, 2, 1));
  EXPECT_EQ(flopsOf("%x: tensor<?x7x7x4xf32>, %g: tensor<?x4x4x8xf32>",
                    "lamina.filter_gradient %x, %g, strides = [2, 2], low = [1, 1], high = [1, 1], "
                    "lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 : "
                    "(tensor<?x7x7x4xf32>, tensor<?x4x4x8xf32>) -> tensor<3x3x4x8xf32>",
                    2),
            2 * 2 * taps * 4 * 8);
}

TEST_F(CostTest, PoolingCountsOneForEveryElementMet) {
  double taps = static_cast<double>(meetings(7, 4, 3, 2, 1) * meetings(7, 4, 3, 2, 1));
  EXPECT_EQ(flopsOf("%x: tensor<?x7x7x4xf32>",
                    "lamina.reduce_window add %x, window = [3, 3], strides = [2, 2], low = [1, 1], "
                    "high = [1, 1] : (tensor<?x7x7x4xf32>) -> tensor<?x4x4x4xf32>",
                    2),
            2 * taps * 4);
}

TEST_F(CostTest, ElementwiseOperationsAreLeftOut) {
  EXPECT_EQ(flopsOf("%x: tensor<?x5xf32>", "lamina.add %x, %x : tensor<?x5xf32>", 3), 0);
}

TEST(RooflineTest, MeasuresSomethingSensible) {
  // Within what any processor of the last and the next twenty years does.
  double bandwidth = measureBandwidth(2, 1 << 20);
  EXPECT_GT(bandwidth, 1e8);
  EXPECT_LT(bandwidth, 1e14);
  for (unsigned level : {1, 3, 4}) {
    EXPECT_GT(measurePeakFlops(2, level), 1e8);
    EXPECT_LT(measurePeakFlops(2, level), 1e14);
  }
}

} // namespace
} // namespace lamina::tools
