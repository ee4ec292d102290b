// Correlations of small tables; pandas and SciPy are the oracle for larger ones
// (test/conformance/tool/test_correlation.py).
#include "statistics/correlation.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "statistics/association.h"
#include "statistics/ranks.h"
#include "statistics/relevance.h"
#include "statistics/variance_inflation.h"

namespace lamina::statistics {
namespace {

using ::testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::shared_ptr<trainer::ThreadPool> pool(uint32_t threads = 2) {
  return session::sharePool(threads);
}

Observations table(const std::vector<double> &values, size_t columns) {
  return {values.size() / columns, columns, values};
}

/// A table whose last column is the sum of the others, but for `noise`.
std::vector<double> sums(size_t rows, size_t columns, double noise) {
  std::vector<double> values;
  for (size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (size_t column = 0; column + 1 < columns; ++column) {
      values.push_back(std::sin(static_cast<double>(row * columns + column * column) * 1.7));
      sum += values.back();
    }
    values.push_back(sum + noise * std::cos(static_cast<double>(row) * 2.3));
  }
  return values;
}

TEST(Ranks, TiesGetTheirMeanAndGapsNone) {
  std::vector<double> ranks(7, -1);
  SortedColumn sorted = sortColumn(std::vector<double>{3, -0.0, kNaN, 0, -2, 3, 1e300});
  writeMeanRanks(sorted, [](uint32_t) { return true; }, ranks);
  EXPECT_THAT(ranks, ElementsAre(4.5, 2.5, -1, 2.5, 1, 4.5, 6));
}

TEST(Ranks, NumbersThatDifferInTheirLastBits) {
  std::vector<double> values;
  for (double value = 1; values.size() < 100; value = std::nextafter(value, 2))
    values.insert(values.begin(), value);
  std::vector<double> ranks(values.size());
  writeMeanRanks(sortColumn(values), [](uint32_t) { return true; }, ranks);
  for (size_t i = 0; i < ranks.size(); ++i)
    EXPECT_EQ(ranks[i], static_cast<double>(ranks.size() - i));
}

TEST(Correlation, PairsWithoutRelationAreUndefined) {
  // A constant that has no exact binary fraction, and a column with one value.
  std::vector<double> values = {0.1, 1, kNaN, 0.1, 2, kNaN, 0.1, 4, 5};
  for (Method method : {Method::Pearson, Method::Spearman, Method::Kendall}) {
    Correlation result = correlate(table(values, 3), method, pool());
    EXPECT_TRUE(std::isnan(result.coefficients(0, 1)));
    EXPECT_TRUE(std::isnan(result.coefficients(0, 0)));
    EXPECT_TRUE(std::isnan(result.coefficients(1, 2)));
    EXPECT_EQ(result.coefficients(1, 1), 1);
    EXPECT_EQ(result.counts(1, 2), 1);
  }
}

TEST(Correlation, KeepsItsBitsForAnyNumberOfThreads) {
  std::vector<double> values = sums(50000, 5, 0.5);
  for (size_t gap : {size_t(0), size_t(7777)}) {
    if (gap)
      values[gap] = kNaN;
    std::vector<Matrix> results;
    for (uint32_t threads : {1u, 2u, 3u})
      results.push_back(correlate(table(values, 5), Method::Pearson, pool(threads)).coefficients);
    EXPECT_EQ(results[0].values, results[1].values);
    EXPECT_EQ(results[0].values, results[2].values);
  }
}

TEST(Correlation, FarFromZeroNothingIsLost) {
  std::vector<double> values = sums(1000, 2, 1), moved = values;
  for (double &value : moved)
    value += 0x1p40; // exact: 12 bits of the fraction are left
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = moved[i] - 0x1p40;
  double near = correlate(table(values, 2), Method::Pearson, pool()).coefficients(0, 1);
  double far = correlate(table(moved, 2), Method::Pearson, pool()).coefficients(0, 1);
  EXPECT_NEAR(near, far, 1e-9);
}

TEST(VarianceInflation, IsInfiniteForWhatOthersMakeUp) {
  std::vector<double> values = sums(100, 4, 0);
  EXPECT_THAT(varianceInflation(table(values, 4), pool()), ::testing::Each(INFINITY));
}

TEST(VarianceInflation, LeavesOutWhatIsConstantOrNotPartOfIt) {
  // x, 2 x + 1, a constant, and a column of its own.
  std::vector<double> values;
  for (int row = 0; row < 50; ++row) {
    double x = std::sin(row * 1.3);
    values.insert(values.end(), {x, 2 * x + 1, 7, std::cos(row * row * 0.7)});
  }
  std::vector<double> factors = varianceInflation(table(values, 4), pool());
  EXPECT_EQ(factors[0], INFINITY);
  EXPECT_EQ(factors[1], INFINITY);
  EXPECT_TRUE(std::isnan(factors[2]));
  EXPECT_GE(factors[3], 1);
  EXPECT_LT(factors[3], 1.5);
}

TEST(Relevance, IsOneWhereClassesDecideAll) {
  std::vector<double> values = {1, 5, 1, 6, 2, 5, 2, 6, 9, 9};
  std::vector<int64_t> classes = {0, 0, 1, 1, -1};
  auto relevance = relevanceForClasses(table(values, 2), classes);
  EXPECT_EQ(relevance[0].ratio, 1);
  EXPECT_EQ(relevance[0].pValue, 0);
  EXPECT_EQ(relevance[1].ratio, 0);
  EXPECT_EQ(relevance[1].pValue, 1);
}

TEST(Association, InWords) {
  EXPECT_EQ(directionOf(0.5, 0.01), "positive");
  EXPECT_EQ(directionOf(-0.5, 0.01), "negative");
  EXPECT_EQ(directionOf(-0.5, 0.06), "neutral") << "may be chance";
  EXPECT_EQ(directionOf(0.09, 0), "neutral");
  EXPECT_EQ(directionOf(kNaN, kNaN), "undefined");
  EXPECT_EQ(strengthOf(0.15, 0), "very weak");
  EXPECT_EQ(strengthOf(-0.39, 0), "weak");
  EXPECT_EQ(strengthOf(0.4, 0), "moderate");
  EXPECT_EQ(strengthOf(-0.7, 0), "strong");
  EXPECT_EQ(strengthOf(1, 0), "very strong");
  EXPECT_EQ(strengthOf(0.7, 0.5), "none");
  EXPECT_EQ(strengthOf(kNaN, kNaN), "undefined");
}

TEST(Association, OfAPairTheLessRelevantIsDropped) {
  Correlation correlation;
  correlation.coefficients = Matrix(3, 3, 1);
  correlation.coefficients(0, 1) = correlation.coefficients(1, 0) = -0.95;
  correlation.coefficients(0, 2) = correlation.coefficients(2, 0) = 0.5;
  correlation.coefficients(1, 2) = correlation.coefficients(2, 1) = 0.1;
  auto pairs = findRedundant(correlation, {0, 1, 2}, {});
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].drop, 0u) << "it is closer to the third";
  EXPECT_EQ(findRedundant(correlation, {0, 1, 2}, {0.9, 0.2, 0})[0].drop, 1u);
}

} // namespace
} // namespace lamina::statistics
