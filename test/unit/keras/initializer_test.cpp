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

} // namespace
} // namespace lamina::frontend::test
