// Every gradient rule against central differences in double precision.
#include <cmath>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "passes/passes.h"
#include "test/unit/passes/gradient_case.h"
#include "test/unit/passes/pipeline.h"

namespace lamina::passes {
namespace {

using ir::HostTensor;
using Case = GradientCase;
constexpr int64_t kRows = 3;

std::vector<HostTensor> drawValues(const Case &test) {
  std::mt19937 generator(7);
  std::uniform_real_distribution<double> uniform(test.low, test.high);
  std::vector<HostTensor> values;
  for (const std::string &type : test.variables) {
    HostTensor &value = values.emplace_back(ElementType::F64, parseShape(type));
    for (double &element : value.elements<double>())
      element = uniform(generator);
  }
  return values;
}

class GradientRule : public testing::TestWithParam<Case> {};

TEST_P(GradientRule, EqualsCentralDifferences) {
  TestModule loss(lossModule(GetParam())), gradient(lossModule(GetParam()));
  gradient.run([](mlir::OpPassManager &manager) { manager.addPass(createGradient()); });
  std::vector<HostTensor> values = drawValues(GetParam());
  std::vector<HostTensor> results = gradient.interpret("gradient", values, kRows);
  ASSERT_EQ(results.size(), values.size() + 1) << gradient.print();
  auto lossAt = [&] { return loss.interpret("loss", values, kRows)[0].at(0); };
  EXPECT_EQ(results[0].at(0), lossAt());
  for (size_t variable = 0; variable < values.size(); ++variable)
    for (auto [index, element] : llvm::enumerate(values[variable].elements<double>())) {
      double original = element, step = 1e-5;
      element = original + step;
      double above = lossAt();
      element = original - step;
      double below = lossAt();
      element = original;
      double expected = (above - below) / (2 * step);
      EXPECT_NEAR(results[variable + 1].at(index), expected, 1e-7 * (1 + std::abs(expected)))
          << "variable " << variable << ", element " << index;
    }
}

/// With a mask that leaves the first query nothing.
Case attention(const std::string &name, const std::string &settings, const std::string &mask) {
  std::string type = "tensor<2x3x2x2xf64>";
  std::string masks = mask.empty() ? "" : fmt::format(" masks %mask");
  std::string maskType = mask.empty() ? "" : ", tensor<1x1x3x3xi1>";
  return {name,
          {type, type, type},
          fmt::format("{0}%y, %maximum, %total = lamina.attention %a, %b, %c, scale = 0.7{1}{2} : "
                      "({3}, {3}, {3}{4}) -> ({3}, tensor<2x2x3xf64>, tensor<2x2x3xf64>)",
                      mask.empty() ? ""
                                   : fmt::format("%mask = lamina.constant dense<{}> : "
                                                 "tensor<1x1x3x3xi1>\n",
                                                 mask),
                      settings, masks, type, maskType),
          type};
}

INSTANTIATE_TEST_SUITE_P(Attention, GradientRule,
                         testing::Values(attention("plain", "", ""),
                                         attention("causal", " causal", ""),
                                         attention("masked", "",
                                                   "[[[[false, false, false], [true, false, true], "
                                                   "[true, true, true]]]]")),
                         testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Elementwise, GradientRule,
    testing::Values(unary("abs"), unary("cosine"), unary("erf"), unary("exponential"),
                    unary("exponential_minus_one"), unary("log", 0.5, 3),
                    unary("log_plus_one", -0.5, 3), unary("logistic"), unary("negate"),
                    unary("rsqrt", 0.5, 3), unary("sine"), unary("sqrt", 0.5, 3),
                    unary("tan", -1, 1), unary("tanh"), binary("add"), binary("subtract"),
                    binary("multiply"), binary("divide", 0.5, 3), binary("maximum"),
                    binary("minimum"), binary("power", 0.5, 3), binary("remainder", 0.5, 3),
                    Case{"fma",
                         {"tensor<4xf64>", "tensor<4xf64>"},
                         "%y = lamina.fma %a, %b, %a : tensor<4xf64>",
                         "tensor<4xf64>"},
                    Case{"select",
                         {"tensor<6xf64>", "tensor<6xf64>"},
                         "%p = lamina.compare GT %a, %b : tensor<6xf64>\n"
                         "%n = lamina.sine %b : tensor<6xf64>\n"
                         "%y = lamina.select %p, %a, %n : tensor<6xi1>, tensor<6xf64>",
                         "tensor<6xf64>"}),
    testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(
    Shape, GradientRule,
    testing::Values(
        Case{"broadcast_new_dimensions",
             {"tensor<3xf64>"},
             "%y = lamina.broadcast_in_dim %a, dims = [1] : (tensor<3xf64>) -> tensor<2x3x4xf64>",
             "tensor<2x3x4xf64>"},
        Case{"broadcast_unit_dimension",
             {"tensor<2x1x3xf64>"},
             "%y = lamina.broadcast_in_dim %a, dims = [0, 1, 2] : (tensor<2x1x3xf64>) -> "
             "tensor<2x4x3xf64>",
             "tensor<2x4x3xf64>"},
        Case{"broadcast_over_rows",
             {"tensor<1x3xf64>"},
             "%y = lamina.broadcast_in_dim %a, dims = [0, 1] : (tensor<1x3xf64>) -> "
             "tensor<?x3xf64>",
             "tensor<?x3xf64>"},
        Case{"reshape",
             {"tensor<2x6xf64>"},
             "%y = lamina.reshape %a : (tensor<2x6xf64>) -> tensor<3x4xf64>",
             "tensor<3x4xf64>"},
        Case{"transpose",
             {"tensor<2x3x4xf64>"},
             "%y = lamina.transpose %a, dims = [2, 0, 1] : (tensor<2x3x4xf64>) -> "
             "tensor<4x2x3xf64>",
             "tensor<4x2x3xf64>"},
        Case{"slice",
             {"tensor<7x5xf64>"},
             "%y = lamina.slice %a, start = [1, 0], limit = [7, 4], strides = [3, 2] : "
             "(tensor<7x5xf64>) -> tensor<2x2xf64>",
             "tensor<2x2xf64>"},
        Case{"slice_of_rows",
             {"tensor<5xf64>"},
             "%r = lamina.broadcast_in_dim %a, dims = [1] : (tensor<5xf64>) -> tensor<?x5xf64>\n"
             "%y = lamina.slice %r, start = [0, 1], limit = [-1, 4], strides = [1, 2] : "
             "(tensor<?x5xf64>) -> tensor<?x2xf64>",
             "tensor<?x2xf64>"},
        Case{"pad",
             {"tensor<2x3xf64>", "tensor<f64>"},
             "%y = lamina.pad %a, %b, low = [1, 0], high = [0, 2], interior = [2, 1] : "
             "(tensor<2x3xf64>, tensor<f64>) -> tensor<5x7xf64>",
             "tensor<5x7xf64>"},
        Case{"pad_of_rows",
             {"tensor<3xf64>", "tensor<f64>"},
             "%r = lamina.broadcast_in_dim %a, dims = [1] : (tensor<3xf64>) -> tensor<?x3xf64>\n"
             "%y = lamina.pad %r, %b, low = [0, 1], high = [0, 2], interior = [0, 1] : "
             "(tensor<?x3xf64>, tensor<f64>) -> tensor<?x8xf64>",
             "tensor<?x8xf64>"},
        Case{"concatenate",
             {"tensor<2x3xf64>", "tensor<2x1xf64>"},
             "%y = lamina.concatenate %a, %b, %a, dim = 1 : (tensor<2x3xf64>, tensor<2x1xf64>, "
             "tensor<2x3xf64>) -> tensor<2x7xf64>",
             "tensor<2x7xf64>"}),
    testing::PrintToStringParamName());

Case reduction(const std::string &kind) {
  return {kind,
          {"tensor<2x3x4xf64>"},
          fmt::format("%y = lamina.reduce {} %a, dims = [0, 2] : (tensor<2x3x4xf64>) -> "
                      "tensor<3xf64>",
                      kind),
          "tensor<3xf64>"};
}

Case contraction(const std::string &name, const std::string &a, const std::string &b,
                 const std::string &dimensions, const std::string &result) {
  return {
      name,
      {a, b},
      fmt::format("%y = lamina.dot_general %a, %b, {} : ({}, {}) -> {}", dimensions, a, b, result),
      result};
}

INSTANTIATE_TEST_SUITE_P(
    Contraction, GradientRule,
    testing::Values(
        reduction("add"), reduction("multiply"), reduction("maximum"), reduction("minimum"),
        contraction("matrix_product", "tensor<2x3xf64>", "tensor<3x4xf64>",
                    "batching = [] x [], contracting = [1] x [0]", "tensor<2x4xf64>"),
        contraction("left_transposed", "tensor<3x2xf64>", "tensor<3x4xf64>",
                    "batching = [] x [], contracting = [0] x [0]", "tensor<2x4xf64>"),
        contraction("right_transposed", "tensor<2x3xf64>", "tensor<4x3xf64>",
                    "batching = [] x [], contracting = [1] x [1]", "tensor<2x4xf64>"),
        contraction("batched", "tensor<3x2x5xf64>", "tensor<5x4x2xf64>",
                    "batching = [1] x [2], contracting = [2] x [0]", "tensor<2x3x4xf64>"),
        contraction("crossed_dimensions", "tensor<2x3x4xf64>", "tensor<4x5x2xf64>",
                    "batching = [] x [], contracting = [0, 2] x [2, 0]", "tensor<3x5xf64>"),
        contraction("two_batches_crossed", "tensor<2x3x4xf64>", "tensor<3x5x2xf64>",
                    "batching = [0, 1] x [2, 0], contracting = [] x []", "tensor<2x3x4x5xf64>"),
        contraction("inner_product", "tensor<3xf64>", "tensor<3xf64>",
                    "batching = [] x [], contracting = [0] x [0]", "tensor<f64>"),
        contraction("outer_product", "tensor<3xf64>", "tensor<2xf64>",
                    "batching = [] x [], contracting = [] x []", "tensor<3x2xf64>"),
        Case{"over_rows",
             {"tensor<2xf64>", "tensor<3xf64>"},
             "%r = lamina.broadcast_in_dim %a, dims = [1] : (tensor<2xf64>) -> tensor<?x2xf64>\n"
             "%s = lamina.broadcast_in_dim %b, dims = [1] : (tensor<3xf64>) -> tensor<?x3xf64>\n"
             "%y = lamina.dot_general %r, %s, batching = [] x [], contracting = [0] x [0] : "
             "(tensor<?x2xf64>, tensor<?x3xf64>) -> tensor<2x3xf64>",
             "tensor<2x3xf64>"},
        Case{"dense_layer",
             {"tensor<2x4xf64>", "tensor<4xf64>"},
             "%i = lamina.iota 1 : tensor<?x2xf64>\n"
             "%x = lamina.cosine %i : tensor<?x2xf64>\n"
             "%h = lamina.dot_general %x, %a, batching = [] x [], contracting = [1] x [0] : "
             "(tensor<?x2xf64>, tensor<2x4xf64>) -> tensor<?x4xf64>\n"
             "%c = lamina.broadcast_in_dim %b, dims = [1] : (tensor<4xf64>) -> tensor<?x4xf64>\n"
             "%z = lamina.add %h, %c : tensor<?x4xf64>\n"
             "%y = lamina.tanh %z : tensor<?x4xf64>",
             "tensor<?x4xf64>"}),
    testing::PrintToStringParamName());

/// A convolution with both operands as variables; the result's shape is the caller's arithmetic.
Case convolution(const std::string &name, const std::string &x, const std::string &filter,
                 const std::string &attributes, const std::string &result) {
  return {name,
          {x, filter},
          fmt::format("%y = lamina.convolution %a, %b, {} : ({}, {}) -> {}", attributes, x, filter,
                      result),
          result};
}

INSTANTIATE_TEST_SUITE_P(
    Convolution, GradientRule,
    testing::Values(
        convolution("plain", "tensor<2x5x2xf64>", "tensor<3x2x3xf64>",
                    "strides = [1], low = [0], high = [0], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<2x3x3xf64>"),
        convolution("strides", "tensor<2x6x2xf64>", "tensor<3x2x2xf64>",
                    "strides = [2], low = [1], high = [1], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<2x3x2xf64>"),
        convolution("elements_without_use", "tensor<1x8x1xf64>", "tensor<2x1x1xf64>",
                    "strides = [3], low = [0], high = [0], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<1x3x1xf64>"),
        convolution("asymmetric_padding", "tensor<1x4x2xf64>", "tensor<3x2x2xf64>",
                    "strides = [1], low = [4], high = [1], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<1x7x2xf64>"),
        convolution("negative_padding", "tensor<1x7x2xf64>", "tensor<2x2x2xf64>",
                    "strides = [1], low = [-1], high = [-2], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<1x3x2xf64>"),
        convolution("mixed_padding", "tensor<1x6x1xf64>", "tensor<3x1x2xf64>",
                    "strides = [2], low = [-2], high = [3], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<1x3x2xf64>"),
        convolution("lhs_dilation", "tensor<2x3x2xf64>", "tensor<4x2x1xf64>",
                    "strides = [1], low = [2], high = [1], lhs_dilation = [3], "
                    "rhs_dilation = [1], groups = 1",
                    "tensor<2x7x1xf64>"),
        convolution("rhs_dilation", "tensor<1x7x2xf64>", "tensor<3x2x2xf64>",
                    "strides = [2], low = [1], high = [0], lhs_dilation = [1], "
                    "rhs_dilation = [2], groups = 1",
                    "tensor<1x2x2xf64>"),
        convolution("both_dilations_reversed", "tensor<1x3x2xf64>", "tensor<2x2x2xf64>",
                    "strides = [1], low = [-1], high = [2], lhs_dilation = [2], "
                    "rhs_dilation = [3], groups = 1 reversed",
                    "tensor<1x3x2xf64>"),
        convolution("groups", "tensor<1x4x4xf64>", "tensor<2x2x6xf64>",
                    "strides = [1], low = [1], high = [0], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 2",
                    "tensor<1x4x6xf64>"),
        convolution("depthwise", "tensor<1x4x3xf64>", "tensor<3x1x3xf64>",
                    "strides = [1], low = [1], high = [1], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 3",
                    "tensor<1x4x3xf64>"),
        convolution("depthwise_multiplier", "tensor<1x5x2xf64>", "tensor<2x1x4xf64>",
                    "strides = [2], low = [0], high = [1], lhs_dilation = [1], "
                    "rhs_dilation = [1], groups = 2 reversed",
                    "tensor<1x3x4xf64>"),
        convolution("two_dimensions", "tensor<2x4x5x2xf64>", "tensor<3x2x2x2xf64>",
                    "strides = [1, 2], low = [1, 0], high = [0, 1], lhs_dilation = [2, 1], "
                    "rhs_dilation = [1, 3], groups = 1 reversed",
                    "tensor<2x6x2x2xf64>"),
        convolution("three_dimensions", "tensor<1x3x2x4x2xf64>", "tensor<2x1x3x1x4xf64>",
                    "strides = [1, 1, 2], low = [0, 1, 1], high = [1, -1, 1], "
                    "lhs_dilation = [1, 2, 1], rhs_dilation = [2, 1, 1], groups = 2",
                    "tensor<1x2x3x2x4xf64>"),
        Case{"of_rows",
             {"tensor<4x2xf64>", "tensor<3x2x2xf64>"},
             "%i = lamina.iota 0 : tensor<?x4x2xf64>\n"
             "%r = lamina.broadcast_in_dim %a, dims = [1, 2] : (tensor<4x2xf64>) -> "
             "tensor<?x4x2xf64>\n"
             "%x = lamina.multiply %i, %r : tensor<?x4x2xf64>\n"
             "%y = lamina.convolution %x, %b, strides = [1], low = [1], high = [1], "
             "lhs_dilation = [1], rhs_dilation = [1], groups = 1 : (tensor<?x4x2xf64>, "
             "tensor<3x2x2xf64>) -> tensor<?x4x2xf64>",
             "tensor<?x4x2xf64>"}),
    testing::PrintToStringParamName());

Case window(const std::string &name, const std::string &kind, const std::string &x,
            const std::string &attributes, const std::string &result) {
  return {
      name,
      {x},
      fmt::format("%y = lamina.reduce_window {} %a, {} : ({}) -> {}", kind, attributes, x, result),
      result};
}

INSTANTIATE_TEST_SUITE_P(
    Window, GradientRule,
    testing::Values(
        window("maximum", "maximum", "tensor<2x5x2xf64>",
               "window = [2], strides = [1], low = [0], high = [0]", "tensor<2x4x2xf64>"),
        window("maximum_strides", "maximum", "tensor<1x7x2xf64>",
               "window = [3], strides = [2], low = [1], high = [2]", "tensor<1x4x2xf64>"),
        window("maximum_gaps", "maximum", "tensor<1x8x1xf64>",
               "window = [2], strides = [3], low = [0], high = [1]", "tensor<1x3x1xf64>"),
        window("maximum_large_window", "maximum", "tensor<1x130x1xf64>",
               "window = [129], strides = [1], low = [0], high = [0]", "tensor<1x2x1xf64>"),
        window("maximum_two_dimensions", "maximum", "tensor<2x5x4x2xf64>",
               "window = [3, 2], strides = [2, 1], low = [1, 0], high = [1, 1]",
               "tensor<2x3x4x2xf64>"),
        window("maximum_three_dimensions", "maximum", "tensor<1x3x3x3x1xf64>",
               "window = [2, 2, 2], strides = [1, 2, 1], low = [1, 0, 0], high = [0, 1, 0]",
               "tensor<1x3x2x2x1xf64>"),
        window("add", "add", "tensor<2x5x2xf64>",
               "window = [2], strides = [1], low = [1], high = [0]", "tensor<2x5x2xf64>"),
        window("add_gaps", "add", "tensor<1x8x1xf64>",
               "window = [2], strides = [3], low = [0], high = [1]", "tensor<1x3x1xf64>"),
        window("add_two_dimensions", "add", "tensor<1x4x5x2xf64>",
               "window = [2, 3], strides = [2, 2], low = [0, 2], high = [0, 1]",
               "tensor<1x2x3x2xf64>")),
    testing::PrintToStringParamName());

Case lookup(const std::string &name, const std::string &variable, const std::string &operation,
            const std::string &indices, const std::string &result) {
  return {name,
          {variable},
          fmt::format("%i = lamina.constant dense<{0}> : {1}\n%y = lamina.{2}",
                      indices.substr(0, indices.find(':')), indices.substr(indices.find(':') + 1),
                      operation),
          result};
}

INSTANTIATE_TEST_SUITE_P(
    Lookup, GradientRule,
    testing::Values(
        lookup("gather", "tensor<4x3xf64>",
               "gather %a, %i, dim = 0 : (tensor<4x3xf64>, tensor<5xi32>) -> tensor<5x3xf64>",
               "[2, 0, 2, 9, -1]:tensor<5xi32>", "tensor<5x3xf64>"),
        lookup("gather_columns", "tensor<2x3x2xf64>",
               "gather %a, %i, dim = 1 : (tensor<2x3x2xf64>, tensor<2x2xi64>) -> "
               "tensor<2x2x2x2xf64>",
               "[[1, 1], [2, 1]]:tensor<2x2xi64>", "tensor<2x2x2x2xf64>"),
        lookup("scatter", "tensor<3x2xf64>",
               "scatter %i, %a, dim = 0 : (tensor<3xi32>, tensor<3x2xf64>) -> tensor<4x2xf64>",
               "[1, 3, 1]:tensor<3xi32>", "tensor<4x2xf64>"),
        lookup("scatter_columns", "tensor<2x3xf64>",
               "scatter %i, %a, dim = 1 : (tensor<3xi8>, tensor<2x3xf64>) -> tensor<2x2xf64>",
               "[0, 7, 0]:tensor<3xi8>", "tensor<2x2xf64>")),
    testing::PrintToStringParamName());

} // namespace
} // namespace lamina::passes
