// Formulas over tensors, written and interpreted.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;
using testing::FloatNear;

TEST(Tensor, shapesBroadcastAsInNumPy) {
  auto sum = evaluate([](auto x) { return x[0] + x[1]; },
                      {floats({2, 3}, {1, 2, 3, 4, 5, 6}), floats({3}, {10, 20, 30})});
  EXPECT_THAT(values(sum), ElementsAre(11, 22, 33, 14, 25, 36));
  EXPECT_THAT(sum.shape(), ElementsAre(2, 3));
}

TEST(Tensor, formulasReadAsTheyAreWritten) {
  auto swish = evaluate([](auto x) { return x[0] * sigmoid(x[0]) - 1.0; }, {floats({2}, {0, 2})});
  EXPECT_THAT(values(swish), ElementsAre(-1, FloatNear(2 / (1 + std::exp(-2.0f)) - 1, 1e-6)));
}

TEST(Tensor, reductionsCountAxesFromTheEndToo) {
  auto matrix = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(values(evaluate([](auto x) { return sum(x[0], {-1}); }, {matrix})),
              ElementsAre(6, 15));
  EXPECT_THAT(values(evaluate([](auto x) { return mean(x[0], {0}); }, {matrix})),
              ElementsAre(2.5, 3.5, 4.5));
  EXPECT_THAT(values(evaluate([](auto x) { return meanAll(x[0]); }, {matrix})), ElementsAre(3.5));
}

TEST(Tensor, whatIsReducedSpreadsAlongTheSameAxes) {
  auto share = evaluate([](auto x) { return x[0] / spread(sum(x[0], {1}), {1}, x[0]); },
                        {floats({2, 2}, {1, 3, 2, 2})});
  EXPECT_THAT(values(share), ElementsAre(0.25, 0.75, 0.5, 0.5));
}

TEST(Tensor, constantsHaveTheEmittersType) {
  auto doubled = evaluate(
      [](auto x) {
        Emitter wide(x[0].emit());
        Tensor third = wide.constant(mlir::Float64Type::get(wide.getContext()), 1.0 / 3);
        return (third * 3.0).convert(x[0].elementType()) + x[0] * 2.0;
      },
      {floats({1}, {4})});
  EXPECT_THAT(values(doubled), ElementsAre(9));
}

TEST(Tensor, divisionsByZeroGiveZeroWhereAsked) {
  auto quotient = evaluate([](auto x) { return divideNoNan(x[0], x[1]); },
                           {floats({2}, {3, 3}), floats({2}, {0, 2})});
  EXPECT_THAT(values(quotient), ElementsAre(0, 1.5));
}

} // namespace
} // namespace lamina::frontend::test
