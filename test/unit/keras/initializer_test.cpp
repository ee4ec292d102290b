// Distributions that @init draws from.
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

constexpr int64_t kRows = 100, kColumns = 200;

std::vector<float> initial(const json &initializer, int64_t seed = 3, int64_t rows = kRows,
                           int64_t columns = kColumns) {
  Imported model(makeFile(sequential(
      {input("x", {rows}),
       layer("Dense", "d", {{"units", columns}, {"kernel_initializer", initializer}})})));
  model.initialize(seed);
  return values(model.state.at("d/kernel"));
}

/// The kernel of a convolution with 2 x 1 filters, of as many channels.
std::vector<float> initialFilters(const json &initializer) {
  Imported model(makeFile(
      sequential({input("x", {3, 3, kRows}), layer("Conv2D", "c",
                                                   {{"filters", kColumns},
                                                    {"kernel_size", {2, 1}},
                                                    {"kernel_initializer", initializer}})})));
  model.initialize(3);
  return values(model.state.at("c/kernel"));
}

json named(const char *className, json config = json::object()) {
  return {{"module", "keras.initializers"}, {"class_name", className}, {"config", config}};
}

double mean(const std::vector<float> &x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}
double deviation(const std::vector<float> &x) {
  double center = mean(x), total = 0;
  for (float value : x)
    total += (value - center) * (value - center);
  return std::sqrt(total / static_cast<double>(x.size()));
}
double largest(const std::vector<float> &x) {
  double result = 0;
  for (float value : x)
    result = std::max(result, std::abs(static_cast<double>(value)));
  return result;
}

TEST(Initializer, glorotUniformFillsItsInterval) {
  double limit = std::sqrt(6.0 / (kRows + kColumns));
  auto x = initial(named("GlorotUniform"));
  EXPECT_NEAR(mean(x), 0, 0.01 * limit);
  EXPECT_NEAR(deviation(x), limit / std::sqrt(3), 0.01 * limit);
  EXPECT_LE(largest(x), limit);
  EXPECT_GT(largest(x), 0.999 * limit);
}

TEST(Initializer, normals) {
  auto plain = initial(named("RandomNormal", {{"stddev", 2.0}, {"mean", 1.0}}));
  EXPECT_NEAR(mean(plain), 1, 0.05);
  EXPECT_NEAR(deviation(plain), 2, 0.05);
  EXPECT_GT(largest(plain), 1 + 3 * 2);
  auto truncated = initial(named("TruncatedNormal", {{"stddev", 1.0}}));
  EXPECT_NEAR(deviation(truncated), 0.8796, 0.02);
  EXPECT_LE(largest(truncated), 2.0 + 1e-5);
  auto he = initial(named("HeNormal"));
  EXPECT_NEAR(deviation(he), std::sqrt(2.0 / kRows), 0.003);
}

/// The variance that VarianceScaling and its named cases give, by their definitions; a kernel of
/// 2 x 1 filters has the fans of its matrix twice.
TEST(Initializer, variancesFollowTheFans) {
  constexpr double in = kRows, out = kColumns, average = (in + out) / 2;
  auto scaling = [](double scale, const char *mode, const char *distribution) {
    return named("VarianceScaling",
                 {{"scale", scale}, {"mode", mode}, {"distribution", distribution}});
  };
  const std::pair<json, double> expected[] = {
      {named("GlorotNormal"), 1 / average},
      {named("LecunNormal"), 1 / in},
      {named("LecunUniform"), 1 / in},
      {named("HeUniform"), 2 / in},
      {named("HeNormal"), 2 / in},
      {scaling(3, "fan_out", "uniform"), 3 / out},
      {scaling(0.5, "fan_avg", "untruncated_normal"), 0.5 / average},
      {scaling(2, "fan_in", "truncated_normal"), 2 / in},
  };
  for (const auto &[initializer, variance] : expected) {
    auto matrix = initial(initializer), filters = initialFilters(initializer);
    EXPECT_NEAR(deviation(matrix) / std::sqrt(variance), 1, 0.02) << initializer;
    EXPECT_NEAR(deviation(filters) / std::sqrt(variance / 2), 1, 0.02) << initializer;
    EXPECT_NEAR(mean(matrix), 0, 0.02 * std::sqrt(variance)) << initializer;
  }
}

/// Uniform values end at sqrt(3) standard deviations, truncated normal ones at two before the
/// deviation that truncation takes is made up for, normal ones go on.
TEST(Initializer, distributionsHaveTheirTails) {
  auto tail = [](const json &initializer, double variance) {
    return largest(initial(initializer)) / std::sqrt(variance);
  };
  EXPECT_NEAR(tail(named("LecunUniform"), 1.0 / kRows), std::sqrt(3), 0.001);
  EXPECT_NEAR(tail(named("HeUniform"), 2.0 / kRows), std::sqrt(3), 0.001);
  EXPECT_NEAR(tail(named("LecunNormal"), 1.0 / kRows), 2 / 0.8796, 0.01);
  EXPECT_NEAR(tail(named("GlorotNormal"), 2.0 / (kRows + kColumns)), 2 / 0.8796, 0.01);
  json normal = {{"distribution", "untruncated_normal"}};
  EXPECT_GT(tail(named("VarianceScaling", normal), 1.0 / kRows), 3.5);
}

TEST(Initializer, normalHasNormalQuantiles) {
  auto x = initial(named("RandomNormal", {{"stddev", 1.0}}));
  std::sort(x.begin(), x.end());
  for (auto [probability, quantile] : {std::pair{0.025, -1.95996}, {0.5, 0.0}, {0.8413, 0.99982}})
    EXPECT_NEAR(x[static_cast<size_t>(probability * static_cast<double>(x.size()))], quantile,
                0.05);
}

TEST(Initializer, orthogonalColumns) {
  auto q = initial(named("Orthogonal", {{"gain", 2.0}}), 5, 12, 7);
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) {
      double product = 0;
      for (int k = 0; k < 12; ++k)
        product += q[k * 7 + i] * q[k * 7 + j];
      EXPECT_NEAR(product, i == j ? 4 : 0, 1e-4);
    }
}

TEST(Initializer, constants) {
  EXPECT_EQ(initial(named("Identity"), 0, 2, 3), (std::vector<float>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(initial("ones", 0, 1, 2), (std::vector<float>{1, 1}));
  EXPECT_EQ(initial(named("Constant", {{"value", 0.5}}), 0, 1, 2), (std::vector<float>{0.5, 0.5}));
  EXPECT_EQ(initial(named("Constant", {{"value", {1, 2}}}), 0, 2, 2),
            (std::vector<float>{1, 2, 1, 2}));
}

TEST(Initializer, seedsMatter) {
  EXPECT_EQ(initial(named("GlorotUniform"), 1), initial(named("GlorotUniform"), 1));
  EXPECT_NE(initial(named("GlorotUniform"), 1), initial(named("GlorotUniform"), 2));
}

TEST(Initializer, seedsDecideEveryRandomOne) {
  for (const char *name : {"GlorotNormal", "LecunNormal", "LecunUniform", "HeNormal", "HeUniform",
                           "VarianceScaling", "RandomNormal", "TruncatedNormal", "RandomUniform"}) {
    EXPECT_EQ(initial(named(name), 7, 4, 5), initial(named(name), 7, 4, 5)) << name;
    EXPECT_NE(initial(named(name), 7, 4, 5), initial(named(name), 8, 4, 5)) << name;
  }
}

TEST(Initializer, refusals) {
  auto error = [](const json &initializer) {
    return importError(makeFile(
        sequential({input("x", {3}),
                    layer("Dense", "d", {{"units", 2}, {"kernel_initializer", initializer}})})));
  };
  EXPECT_EQ(error(named("VarianceScaling", {{"mode", "fan_up"}})),
            "model.keras: layer 'd': 'mode' of VarianceScaling cannot be 'fan_up'");
  EXPECT_EQ(error(named("VarianceScaling", {{"scale", 0}})),
            "model.keras: layer 'd': 'scale' of VarianceScaling must be positive");
}

} // namespace
} // namespace lamina::frontend::test
