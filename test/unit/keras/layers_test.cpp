// Layers and activations through the reference interpreter. Expected values are Keras' formulas
// evaluated in double precision.
#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/files/models/legacy_config.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

/// One layer on one row of inputs.
std::vector<float> applyLayer(const json &object, std::vector<float> row,
                              std::vector<int64_t> shape = {}) {
  if (shape.empty())
    shape = {static_cast<int64_t>(row.size())};
  Imported model(makeFile(sequential({input("x", shape), object})));
  shape.insert(shape.begin(), 1);
  return values(model.run("predict", {floats(shape, row)}, 1)[0]);
}

struct ActivationCase {
  const char *name;
  double (*function)(double);
};

double softplus(double x) {
  return std::log1p(std::exp(x));
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double clip(double x, double low, double high) {
  return std::min(std::max(x, low), high);
}
double selu(double x) {
  return x > 0 ? 1.0507009873554805 * x : 1.7580993408473768 * std::expm1(x);
}

const ActivationCase kActivations[] = {
    {"linear", [](double x) { return x; }},
    {"relu", [](double x) { return std::max(x, 0.0); }},
    {"relu6", [](double x) { return clip(x, 0, 6); }},
    {"leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"elu", [](double x) { return x > 0 ? x : std::expm1(x); }},
    {"celu", [](double x) { return x > 0 ? x : std::expm1(x); }},
    {"selu", selu},
    {"gelu", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2))); }},
    {"silu", [](double x) { return x * sigmoid(x); }},
    {"swish", [](double x) { return x * sigmoid(x); }},
    {"mish", [](double x) { return x * std::tanh(softplus(x)); }},
    {"exponential", [](double x) { return std::exp(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"tanh_shrink", [](double x) { return x - std::tanh(x); }},
    {"hard_tanh", [](double x) { return clip(x, -1, 1); }},
    {"hard_shrink", [](double x) { return std::abs(x) > 0.5 ? x : 0; }},
    {"hard_sigmoid", [](double x) { return clip(x + 3, 0, 6) / 6; }},
    {kOlderHardSigmoid, [](double x) { return clip(0.2 * x + 0.5, 0, 1); }},
    {"hard_silu", [](double x) { return x * clip(x + 3, 0, 6) / 6; }},
    {"soft_shrink", [](double x) { return x > 0.5    ? x - 0.5
                                          : x < -0.5 ? x + 0.5
                                                     : 0; }},
    {"softplus", softplus},
    {"softsign", [](double x) { return x / (1 + std::abs(x)); }},
    {"squareplus", [](double x) { return (x + std::sqrt(x * x + 4)) / 2; }},
    {"sparse_plus", [](double x) { return x <= -1 ? 0
                                          : x < 1 ? (x + 1) * (x + 1) / 4
                                                  : x; }},
    {"sparse_sigmoid", [](double x) { return clip((x + 1) / 2, 0, 1); }},
    {"sigmoid", sigmoid},
    {"log_sigmoid", [](double x) { return -softplus(-x); }},
};

/// Values at minus infinity, -3e38, 3e38 and infinity.
struct Ends {
  const char *name;
  float values[4];
};

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kSelu = 1.7580993408473768599f;

const Ends kEnds[] = {
    {"relu", {0, 0, 3e38f, kInfinity}},
    {"relu6", {0, 0, 6, 6}},
    {"elu", {-1, -1, 3e38f, kInfinity}},
    {"celu", {-1, -1, 3e38f, kInfinity}},
    {"selu", {-kSelu, -kSelu, 3.1521029e38f, kInfinity}},
    {"gelu", {0, 0, 3e38f, kInfinity}},
    {"silu", {0, 0, 3e38f, kInfinity}},
    {"mish", {0, 0, 3e38f, kInfinity}},
    {"exponential", {0, 0, kInfinity, kInfinity}},
    {"tanh", {-1, -1, 1, 1}},
    {"hard_tanh", {-1, -1, 1, 1}},
    {"hard_sigmoid", {0, 0, 1, 1}},
    {kOlderHardSigmoid, {0, 0, 1, 1}},
    {"hard_silu", {0, 0, 3e38f, kInfinity}},
    {"softplus", {0, 0, 3e38f, kInfinity}},
    {"softsign", {-1, -1, 1, 1}},
    {"squareplus", {0, 0, 3e38f, kInfinity}},
    {"sparse_plus", {0, 0, 3e38f, kInfinity}},
    {"sparse_sigmoid", {0, 0, 1, 1}},
    {"sigmoid", {0, 0, 1, 1}},
    {"log_sigmoid", {-kInfinity, -3e38f, 0, 0}},
    {"tanh_shrink", {-kInfinity, -3e38f, 3e38f, kInfinity}},
    {"hard_shrink", {-kInfinity, -3e38f, 3e38f, kInfinity}},
    {"soft_shrink", {-kInfinity, -3e38f, 3e38f, kInfinity}},
};

TEST(Activations, atTheEndsOfTheNumbers) {
  std::vector<float> points = {-kInfinity, -3e38f, 3e38f, kInfinity,
                               std::numeric_limits<float>::quiet_NaN()};
  for (const Ends &ends : kEnds) {
    auto result = applyLayer(layer("Activation", "a", {{"activation", ends.name}}), points);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_FLOAT_EQ(result[i], ends.values[i]) << ends.name << "(" << points[i] << ")";
    EXPECT_TRUE(std::isnan(result[4])) << ends.name;
  }
}

class ActivationTest : public testing::TestWithParam<ActivationCase> {};

TEST_P(ActivationTest, followsItsFormula) {
  std::vector<float> points = {-8, -3, -1, -0.75f, -0.5f, -0.25f, 0, 0.25f, 0.5f, 1, 3, 6.5f, 9};
  std::vector<float> expected;
  for (float x : points)
    expected.push_back(static_cast<float>(GetParam().function(x)));
  auto result = applyLayer(layer("Activation", "a", {{"activation", GetParam().name}}), points);
  for (size_t i = 0; i < points.size(); ++i)
    EXPECT_NEAR(result[i], expected[i], 2e-6f * std::max(1.0f, std::abs(expected[i])))
        << GetParam().name << "(" << points[i] << ")";
}

INSTANTIATE_TEST_SUITE_P(All, ActivationTest, testing::ValuesIn(kActivations),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Activations, softmaxOfLargeValues) {
  EXPECT_THAT(applyLayer(layer("Softmax", "s"), {1000, 1000}), ElementsAre(0.5f, 0.5f));
}

TEST(Activations, logSoftmaxSumsToOne) {
  float total = 0;
  for (float x : applyLayer(layer("Activation", "a", {{"activation", "log_softmax"}}), {1, -2, 5}))
    total += std::exp(x);
  EXPECT_NEAR(total, 1, 1e-6);
}

// One entry in the support: the projection onto the simplex. Two: Keras' threshold is
// (0.4 + (0.4 + 0.2) - 1) / 2 = 0.
TEST(Activations, sparsemaxAsKerasComputesIt) {
  json sparsemax = layer("Activation", "a", {{"activation", "sparsemax"}});
  EXPECT_THAT(applyLayer(sparsemax, {3, 1, -1}), Pointwise(FloatNear(1e-6f), {1.0f, 0.0f, 0.0f}));
  EXPECT_THAT(applyLayer(sparsemax, {0.2f, 0.4f, -1}),
              Pointwise(FloatNear(1e-6f), {0.2f, 0.4f, 0.0f}));
}

TEST(Activations, gluGatesTheFirstHalf) {
  EXPECT_THAT(applyLayer(layer("Activation", "a", {{"activation", "glu"}}), {2, 3, 0, 0}),
              ElementsAre(1, 1.5f));
}

TEST(Layers, reluWithAllItsSettings) {
  json config = {{"max_value", 2.0}, {"negative_slope", 0.5}, {"threshold", 1.0}};
  EXPECT_THAT(applyLayer(layer("ReLU", "r", config), {-1, 0.5f, 1.5f, 4}),
              ElementsAre(-1, -0.25f, 1.5f, 2));
}

TEST(Layers, denseContractsTheLastAxis) {
  Imported model(makeFile(sequential({input("x", {2, 2}), layer("Dense", "d", {{"units", 1}})})));
  model.state["d/kernel"] = floats({2, 1}, {1, 10});
  model.state["d/bias"] = floats({1}, {0.5});
  auto y = model.run("predict", {floats({1, 2, 2}, {1, 2, 3, 4})}, 1)[0];
  EXPECT_THAT(y.shape(), ElementsAre(1, 2, 1));
  EXPECT_THAT(values(y), ElementsAre(21.5f, 43.5f));
}

TEST(Layers, preluSharesAxes) {
  Imported model(
      makeFile(sequential({input("x", {2, 2}), layer("PReLU", "p", {{"shared_axes", {1}}})})));
  model.state["p/alpha"] = floats({1, 2}, {0.5, 2});
  EXPECT_THAT(values(model.run("predict", {floats({1, 2, 2}, {-1, -1, 1, -3})}, 1)[0]),
              ElementsAre(-0.5f, -2, 1, -6));
}

TEST(Layers, shapes) {
  std::vector<float> six = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(applyLayer(layer("Flatten", "f"), six, {2, 3}), six);
  EXPECT_THAT(applyLayer(layer("Flatten", "f", {{"data_format", "channels_first"}}), six, {2, 3}),
              ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_EQ(applyLayer(layer("Reshape", "r", {{"target_shape", {3, -1}}}), six), six);
  EXPECT_THAT(applyLayer(layer("Permute", "p", {{"dims", {2, 1}}}), six, {2, 3}),
              ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(applyLayer(layer("RepeatVector", "v", {{"n", 2}}), {1, 2}), ElementsAre(1, 2, 1, 2));
}

TEST(Layers, rescalingByVector) {
  EXPECT_THAT(applyLayer(layer("Rescaling", "r", {{"scale", {2.0, 3.0}}, {"offset", 1.0}}), {1, 1}),
              ElementsAre(3, 4));
}

std::vector<float> merge(const std::string &className, json config, std::vector<float> a,
                         std::vector<int64_t> aShape, std::vector<float> b,
                         std::vector<int64_t> bShape) {
  Imported model(makeFile(functional(
      {input("a", aShape), input("b", bShape), called(layer(className, "m", config), {"a", "b"})},
      {"a", "b"}, {"m"})));
  aShape.insert(aShape.begin(), 1);
  bShape.insert(bShape.begin(), 1);
  return values(model.run("predict", {floats(aShape, a), floats(bShape, b)}, 1)[0]);
}

TEST(Merging, elementwise) {
  EXPECT_THAT(merge("Add", {}, {1, 2}, {2}, {3, 5}, {2}), ElementsAre(4, 7));
  EXPECT_THAT(merge("Subtract", {}, {1, 2}, {2}, {3, 5}, {2}), ElementsAre(-2, -3));
  EXPECT_THAT(merge("Multiply", {}, {1, 2}, {2}, {3, 5}, {2}), ElementsAre(3, 10));
  EXPECT_THAT(merge("Average", {}, {1, 2}, {2}, {3, 5}, {2}), ElementsAre(2, 3.5f));
  EXPECT_THAT(merge("Maximum", {}, {1, 7}, {2}, {3, 5}, {2}), ElementsAre(3, 7));
  EXPECT_THAT(merge("Minimum", {}, {1, 7}, {2}, {3, 5}, {2}), ElementsAre(1, 5));
}

TEST(Merging, smallerRanksGetDimensionsAfterTheRows) {
  EXPECT_THAT(merge("Add", {}, {1, 2, 3, 4}, {2, 2}, {10, 20}, {2}), ElementsAre(11, 22, 13, 24));
}

TEST(Merging, concatenate) {
  EXPECT_THAT(merge("Concatenate", {{"axis", 1}}, {1, 2}, {1, 2}, {3, 4}, {1, 2}),
              ElementsAre(1, 2, 3, 4));
}

TEST(Merging, dot) {
  EXPECT_THAT(merge("Dot", {{"axes", 1}}, {1, 2}, {2}, {3, 4}, {2}), ElementsAre(11));
  EXPECT_THAT(merge("Dot", {{"axes", -1}, {"normalize", true}}, {3, 4}, {2}, {6, 8}, {2}),
              Pointwise(FloatNear(1e-6f), {1.0f}));
  EXPECT_THAT(merge("Dot", {{"axes", {2, 1}}}, {1, 2, 3, 4}, {2, 2}, {1, 0, 0, 1}, {2, 2}),
              ElementsAre(1, 2, 3, 4));
}

TEST(Dropout, isTheIdentityInInference) {
  EXPECT_THAT(applyLayer(layer("Dropout", "d", {{"rate", 0.5}}), {1, 2, 3}), ElementsAre(1, 2, 3));
}

TEST(Dropout, dropsAndScalesInTraining) {
  constexpr int64_t kWidth = 4000;
  Imported model(makeFile(sequential({input("x", {kWidth}), layer("Dropout", "d", {{"rate", 0.25}}),
                                      layer("Dense", "y", {{"units", 1}})}),
                          {{"loss", "mae"}, {"optimizer", "sgd"}}));
  model.initialize(7);
  model.state["y/kernel"] = floats({kWidth, 1}, std::vector<float>(kWidth, 1.0f / kWidth));
  auto x = floats({1, kWidth}, std::vector<float>(kWidth, 1));
  auto loss = [&] { return model.run("loss", {x, floats({1, 1}, {0})}, 1)[0].at(0); };
  double first = loss();
  EXPECT_NEAR(first, 1, 0.05);
  EXPECT_EQ(model.state.at("random/step").at(0), 1);
  EXPECT_NE(loss(), first);
}

} // namespace
} // namespace lamina::frontend::test
