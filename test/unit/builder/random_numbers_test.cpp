// Numbers of a distribution from random bits.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "frontend/builder/random_numbers.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;

constexpr int64_t kCount = 20000;

/// kCount numbers that `formula` makes of random bits.
std::vector<float> draw(const std::function<Tensor(Tensor)> &formula) {
  auto drawn = evaluate(
      [&](auto x) {
        Emitter &emit = x[0].emit();
        mlir::OpBuilder types(emit.getContext());
        auto type = mlir::RankedTensorType::get({kCount}, types.getI32Type());
        mlir::Value seed = emit.constant(types.getI64Type(), 7);
        mlir::Value step = emit.constant(types.getI64Type(), 0);
        return formula(
            Tensor(emit, emit.create<ir::RngBitsOp>(type, seed, step, types.getI64IntegerAttr(3))));
      },
      {floats({1}, {0})});
  return values(drawn);
}

double mean(const std::vector<float> &x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double deviation(const std::vector<float> &x) {
  double squares = 0;
  for (float value : x)
    squares += static_cast<double>(value) * value;
  return std::sqrt(squares / static_cast<double>(x.size()) - mean(x) * mean(x));
}

// Bounds are four standard errors: 1 / sqrt(20000) = 0.0071 for a mean of deviation 1.
TEST(RandomNumbers, uniformOnesFillTheUnitInterval) {
  auto x = draw([](Tensor bits) { return uniformFromBits(bits); });
  EXPECT_NEAR(mean(x), 0.5, 4 * 0.2887 * 0.0071);
  EXPECT_NEAR(deviation(x), std::sqrt(1.0 / 12), 0.006);
  EXPECT_GE(*std::min_element(x.begin(), x.end()), 0);
  EXPECT_LT(largest(x), 1);
}

TEST(RandomNumbers, normalOnesAreStandard) {
  auto x = draw([](Tensor bits) { return normalFromBits(bits); });
  EXPECT_NEAR(mean(x), 0, 4 * 0.0071);
  EXPECT_NEAR(deviation(x), 1, 4 * 0.005);
  EXPECT_GT(largest(x), 3); // 54 of them are expected beyond
}

TEST(RandomNumbers, truncatedOnesStayWithinTwoDeviations) {
  auto x = draw([](Tensor bits) { return normalFromBits(bits, true); });
  EXPECT_LE(largest(x), 2.0001);
  EXPECT_GT(largest(x), 1.9);
  EXPECT_NEAR(deviation(x), 0.8796, 4 * 0.005);
}

} // namespace
} // namespace lamina::frontend::test
