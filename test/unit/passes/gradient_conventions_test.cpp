// Gradients at points where a function has none, or where its formula divides by zero.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/passes.h"
#include "test/unit/passes/gradient_case.h"
#include "test/unit/passes/pipeline.h"

namespace lamina::passes {
namespace {

using ir::HostTensor;

/// The gradients of the function at given points, for conventions where it has none.
std::vector<double> gradientAt(const GradientCase &test, const std::vector<double> &values) {
  TestModule module(lossModule(test));
  module.run([](mlir::OpPassManager &manager) { manager.addPass(createGradient()); });
  std::vector<HostTensor> arguments;
  for (const std::string &type : test.variables)
    arguments.push_back(HostTensor::of<double>(parseShape(type), values));
  std::vector<HostTensor> results = module.interpret("gradient", arguments, 1);
  std::vector<double> gradient;
  for (const HostTensor &result : llvm::drop_begin(results))
    for (int64_t index = 0; index < result.size(); ++index)
      gradient.push_back(result.at(index));
  return gradient;
}

/// Weights of the loss for vectors: sin(i) + cos(i).
double weight(int64_t index) {
  return std::sin(index) + std::cos(index);
}

TEST(GradientConventions, AbsIsFlatAtZero) {
  EXPECT_THAT(gradientAt(unary("abs"), {0, -0.0, 1, -1, 0}),
              testing::Pointwise(testing::DoubleEq(), {0.0, 0.0, weight(2), -weight(3), 0.0}));
}

TEST(GradientConventions, TiesOfMaximumGoLeft) {
  EXPECT_THAT(gradientAt(binary("maximum"), {1, 1, 1, 1, 1}),
              testing::Pointwise(testing::DoubleEq(), {weight(0), weight(1), weight(2), weight(3),
                                                       weight(4), 0.0, 0.0, 0.0, 0.0, 0.0}));
}

TEST(GradientConventions, ReduceMaximumSplitsTiesEvenly) {
  GradientCase test{"ties",
                    {"tensor<4xf64>"},
                    "%y = lamina.reduce maximum %a, dims = [0] : (tensor<4xf64>) -> tensor<f64>",
                    "tensor<f64>"};
  EXPECT_THAT(gradientAt(test, {3, 1, 3, 2}),
              testing::Pointwise(testing::DoubleEq(), {0.5, 0.0, 0.5, 0.0}));
}

TEST(GradientConventions, WindowMaximumGoesToTheFirst) {
  GradientCase test{"ties",
                    {"tensor<1x2x3x1xf64>"},
                    "%y = lamina.reduce_window maximum %a, window = [2, 2], strides = [1, 1], "
                    "low = [0, 0], high = [0, 0] : (tensor<1x2x3x1xf64>) -> tensor<1x1x2x1xf64>",
                    "tensor<1x1x2x1xf64>"};
  // The loss weighs all elements alike: both indices that make a weight are 0.
  EXPECT_THAT(gradientAt(test, {1, 2, 2, 2, 0, 2}),
              testing::Pointwise(testing::DoubleEq(), {0.0, 2.0, 0.0, 0.0, 0.0, 0.0}));
}

TEST(GradientConventions, ProductsWithZerosHaveFiniteGradients) {
  GradientCase test{
      "zeros",
      {"tensor<3x3xf64>"},
      "%y = lamina.reduce multiply %a, dims = [1] : (tensor<3x3xf64>) -> tensor<3xf64>",
      "tensor<3xf64>"};
  EXPECT_THAT(
      gradientAt(test, {2, 3, 4, 2, 0, 4, 0, 3, 0}),
      testing::Pointwise(testing::DoubleNear(1e-12), {12 * weight(0), 8 * weight(0), 6 * weight(0),
                                                      0.0, 8 * weight(1), 0.0, 0.0, 0.0, 0.0}));
}

TEST(GradientConventions, SquareHasNoSingularityAtZero) {
  GradientCase test{"square",
                    {"tensor<2xf64>"},
                    "%two = lamina.constant dense<2.0> : tensor<2xf64>\n"
                    "%y = lamina.power %a, %two : tensor<2xf64>",
                    "tensor<2xf64>"};
  EXPECT_THAT(gradientAt(test, {0, -3}),
              testing::Pointwise(testing::DoubleEq(), {0.0, -6 * weight(1)}));
}

TEST(GradientConventions, PowerOfNegativeBaseHasNoLogarithm) {
  EXPECT_THAT(
      gradientAt(binary("power"), {-1, -1, -1, -1, -1}),
      testing::Pointwise(testing::DoubleEq(), {-weight(0), -weight(1), -weight(2), -weight(3),
                                               -weight(4), 0.0, 0.0, 0.0, 0.0, 0.0}));
}

TEST(GradientConventions, StopGradientIsAConstant) {
  GradientCase test{"stop",
                    {"tensor<f64>"},
                    "%c = lamina.stop_gradient %a : tensor<f64>\n"
                    "%y = lamina.multiply %a, %c : tensor<f64>",
                    "tensor<f64>"};
  EXPECT_THAT(gradientAt(test, {3}), testing::ElementsAre(3));
}

} // namespace
} // namespace lamina::passes
