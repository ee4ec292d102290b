// First values of variables: typed settings, @init, and what it draws.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/builder/init_function.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::Each;
using testing::ElementsAre;

/// What @init gives one variable of this shape.
ir::HostTensor firstValue(Initializer initializer, std::vector<int64_t> shape, int64_t seed = 3,
                          ElementType type = ElementType::F32) {
  WrittenModule written;
  Variable variable;
  variable.symbol = "dense/kernel";
  variable.owner = "node 'dense'";
  variable.shape = shape;
  variable.type = type;
  variable.initializer = initializer;
  declareVariable(*written.module, variable);
  writeInit(*written.module, {&variable}, "model.onnx");
  return written.run("init", {ir::HostTensor::scalar<int64_t>(seed)}).front();
}

TEST(Initializer, constantsBroadcast) {
  EXPECT_THAT(values(firstValue(ConstantInitializer{}, {2})), Each(0));
  EXPECT_THAT(values(firstValue(ConstantInitializer{{2.5}}, {2})), Each(2.5));
  EXPECT_THAT(values(firstValue(ConstantInitializer{{1, 2}, {2}}, {2, 2})),
              ElementsAre(1, 2, 1, 2));
}

TEST(Initializer, refusesConstantsThatDoNotBroadcast) {
  EXPECT_EQ(errorOf([] { firstValue(ConstantInitializer{{1, 2}, {2}}, {2, 3}); }),
            "model.onnx: node 'dense': a Constant initializer's value of shape (2,) does not "
            "broadcast to the variable's shape (2, 3)");
}

TEST(Initializer, identityIsScaledOnItsDiagonal) {
  EXPECT_THAT(values(firstValue(IdentityInitializer{3}, {2, 2})), ElementsAre(3, 0, 0, 3));
}

TEST(Initializer, partsAreDrawnOneByOne) {
  UniformInitializer uniform{2, 3};
  InitializerParts parts{{{50, uniform}, {2, ConstantInitializer{{1}}}, {100, uniform}}};
  ConcatenatedInitializer joint{std::make_shared<const InitializerParts>(parts)};
  auto x = values(firstValue(joint, {152}));
  std::vector<float> first(x.begin(), x.begin() + 50), last(x.begin() + 52, x.end());
  EXPECT_THAT(std::vector<float>(x.begin() + 50, x.begin() + 52), Each(1));
  EXPECT_GE(*std::min_element(first.begin(), first.end()), 2);
  EXPECT_LT(largest(last), 3);
  last.resize(50);
  EXPECT_NE(first, last);
}

TEST(Initializer, uniformOnesStayInTheirIntervalAndFollowTheSeed) {
  auto x = values(firstValue(UniformInitializer{-0.5, 0.5}, {100, 100}));
  EXPECT_LE(largest(x), 0.5);
  EXPECT_GT(largest(x), 0.499);
  EXPECT_EQ(x, values(firstValue(UniformInitializer{-0.5, 0.5}, {100, 100})));
  EXPECT_NE(x, values(firstValue(UniformInitializer{-0.5, 0.5}, {100, 100}, 4)));
}

TEST(Initializer, varianceScalingCountsTheGivenAxes) {
  using Scaling = VarianceScalingInitializer;
  Scaling scaling{3, Scaling::Fan::In, Scaling::Distribution::Uniform, std::nullopt};
  // The limit is sqrt(3 scale / fan): 3 / sqrt(fan).
  EXPECT_NEAR(largest(values(firstValue(scaling, {9, 1000}))), 1, 0.01);
  scaling.fanAxes = FanAxes{{1}, {0}};
  EXPECT_NEAR(largest(values(firstValue(scaling, {1000, 9}))), 1, 0.01);
}

TEST(Initializer, refusesAxesThatTheWeightDoesNotHave) {
  VarianceScalingInitializer scaling;
  scaling.fanAxes = FanAxes{{0}, {2}};
  EXPECT_EQ(errorOf([&] { firstValue(scaling, {2, 2}); }),
            "model.onnx: node 'dense': initializer axis 2 is not one of a weight of rank 2");
}

TEST(Initializer, orthogonalColumnsHaveNoProducts) {
  auto x = values(firstValue(OrthogonalInitializer{}, {3, 2}));
  auto product = [&](size_t i, size_t j) {
    return x[i] * x[j] + x[2 + i] * x[2 + j] + x[4 + i] * x[4 + j];
  };
  EXPECT_NEAR(product(0, 0), 1, 1e-5);
  EXPECT_NEAR(product(1, 1), 1, 1e-5);
  EXPECT_NEAR(product(0, 1), 0, 1e-5);
}

TEST(Initializer, theSeedIsKept) {
  EXPECT_EQ(firstValue(SeedInitializer{}, {}, 42, ElementType::I64).elements<int64_t>()[0], 42);
}

} // namespace
} // namespace lamina::frontend::test
