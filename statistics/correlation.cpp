#include "statistics/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "statistics/distributions.h"
#include "statistics/for_each.h"
#include "statistics/kendall.h"
#include "statistics/pair_sums.h"
#include "statistics/ranks.h"

namespace lamina::statistics {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Pairs = std::vector<std::pair<size_t, size_t>>;

Pairs pairsOf(size_t columns) {
  Pairs pairs;
  for (size_t i = 0; i < columns; ++i)
    for (size_t j = i; j < columns; ++j)
      pairs.emplace_back(i, j);
  return pairs;
}

/// Pearson's correlation of one pair from its rows themselves: NaN for fewer than two rows, or a
/// column that is constant in them.
double correlateRows(const Observations &table, size_t i, size_t j) {
  double n = 0, meanX = 0, meanY = 0;
  double squaresX = 0, squaresY = 0, products = 0;
  for (size_t row = 0; row < table.rows; ++row) {
    double x = table(row, i), y = table(row, j);
    if (!std::isfinite(x) || !std::isfinite(y))
      continue;
    n += 1; // Welford's update
    double dx = x - meanX, dy = y - meanY;
    meanX += dx / n;
    meanY += dy / n;
    squaresX += dx * (x - meanX);
    squaresY += dy * (y - meanY);
    products += dx * (y - meanY);
  }
  double scale = std::sqrt(squaresX) * std::sqrt(squaresY);
  return scale > 0 ? std::clamp(products / scale, -1.0, 1.0) : kNaN;
}

/// Sums about a shift say little of a column that hardly varies beside its distance from it.
constexpr double kLeastShare = 1e-6;

double correlateSums(const PairSums &sums, const Observations &table, size_t i, size_t j) {
  double n = sums.count(i, j);
  if (n < 2)
    return kNaN;
  double squaresX = sums.square(i, j) - sums.sum(i, j) * sums.sum(i, j) / n;
  double squaresY = sums.square(j, i) - sums.sum(j, i) * sums.sum(j, i) / n;
  bool isWellKnown = squaresX > kLeastShare * sums.square(i, j) &&
                     squaresY > kLeastShare * sums.square(j, i) && std::isfinite(squaresX) &&
                     std::isfinite(squaresY);
  if (!isWellKnown)
    return correlateRows(table, i, j);
  double products = sums.product(i, j) - sums.sum(i, j) * sums.sum(j, i) / n;
  return std::clamp(products / (std::sqrt(squaresX) * std::sqrt(squaresY)), -1.0, 1.0);
}

void setPair(Correlation &result, size_t i, size_t j, double coefficient, double pValue,
             double count) {
  for (auto [row, column] : {std::pair(i, j), std::pair(j, i)}) {
    result.coefficients(row, column) = i == j && !std::isnan(coefficient) ? 1 : coefficient;
    result.pValues(row, column) = i == j && !std::isnan(coefficient) ? 0 : pValue;
    result.counts(row, column) = count;
  }
}

Correlation makeResult(Method method, size_t columns) {
  return {method, Matrix(columns, columns), Matrix(columns, columns), Matrix(columns, columns), {}};
}

Correlation pearson(const Observations &table, const std::shared_ptr<trainer::ThreadPool> &pool) {
  Correlation result = makeResult(Method::Pearson, table.columns);
  PairSums sums = PairSummer(table.columns, pool)(table);
  Pairs pairs = pairsOf(table.columns);
  forEach(*pool, pairs.size(), [&](uint32_t index) {
    auto [i, j] = pairs[index];
    double coefficient = correlateSums(sums, table, i, j), count = sums.count(i, j);
    setPair(result, i, j, coefficient, correlationPValue(coefficient, count), count);
  });
  return result;
}

std::vector<double> columnOf(const Observations &table, size_t column) {
  std::vector<double> values(table.rows);
  for (size_t row = 0; row < table.rows; ++row)
    values[row] = table(row, column);
  return values;
}

std::vector<SortedColumn> sortColumns(const Observations &table, trainer::ThreadPool &pool) {
  std::vector<SortedColumn> sorted(table.columns);
  forEach(pool, table.columns,
          [&](uint32_t column) { sorted[column] = sortColumn(columnOf(table, column)); });
  return sorted;
}

/// Ranks of all columns, each among its own values; row-major.
Matrix ranksOf(const Observations &table, const std::vector<SortedColumn> &sorted,
               trainer::ThreadPool &pool) {
  std::vector<std::vector<double>> columns(table.columns, std::vector<double>(table.rows, kNaN));
  forEach(pool, table.columns, [&](uint32_t column) {
    writeMeanRanks(sorted[column], [](uint32_t) { return true; }, columns[column]);
  });
  Matrix ranks(table.rows, table.columns);
  constexpr size_t kBlock = 4096;
  forEach(pool, (table.rows + kBlock - 1) / kBlock, [&](uint32_t block) {
    size_t end = std::min(table.rows, (block + size_t(1)) * kBlock);
    for (size_t row = block * kBlock; row < end; ++row)
      for (size_t column = 0; column < table.columns; ++column)
        ranks(row, column) = columns[column][row];
  });
  return ranks;
}

/// Spearman's correlation of two columns with gaps: ranks are those among their common rows.
double correlateRanks(const Observations &table, const SortedColumn &x, const SortedColumn &y,
                      size_t i, size_t j) {
  Matrix ranks(table.rows, 2, kNaN);
  std::vector<double> column(table.rows, kNaN);
  auto isCommon = [&](uint32_t row) {
    return std::isfinite(table(row, i)) && std::isfinite(table(row, j));
  };
  for (size_t side : {0, 1}) {
    writeMeanRanks(side ? y : x, isCommon, column);
    for (size_t row = 0; row < table.rows; ++row)
      ranks(row, side) = column[row];
  }
  return correlateRows({table.rows, 2, ranks.values}, 0, 1);
}

Correlation spearman(const Observations &table, const std::shared_ptr<trainer::ThreadPool> &pool) {
  std::vector<SortedColumn> sorted = sortColumns(table, *pool);
  Matrix ranks = ranksOf(table, sorted, *pool);
  Correlation result = pearson({table.rows, table.columns, ranks.values}, pool);
  result.method = Method::Spearman;
  Pairs pairs = pairsOf(table.columns);
  forEach(*pool, pairs.size(), [&](uint32_t index) {
    auto [i, j] = pairs[index];
    double count = result.counts(i, j);
    bool haveSameRows = count == static_cast<double>(sorted[i].rows.size()) &&
                        count == static_cast<double>(sorted[j].rows.size());
    if (haveSameRows)
      return;
    double coefficient = correlateRanks(table, sorted[i], sorted[j], i, j);
    setPair(result, i, j, coefficient, correlationPValue(coefficient, count), count);
  });
  result.ranks = std::move(ranks);
  return result;
}

Correlation kendallOfAll(const Observations &table, trainer::ThreadPool &pool) {
  std::vector<SortedColumn> sorted = sortColumns(table, pool);
  Correlation result = makeResult(Method::Kendall, table.columns);
  Pairs pairs = pairsOf(table.columns);
  forEach(pool, pairs.size(), [&](uint32_t index) {
    auto [i, j] = pairs[index];
    double count = 0;
    for (size_t row = 0; row < table.rows; ++row)
      count += std::isfinite(table(row, i)) && std::isfinite(table(row, j));
    KendallResult pair = kendall(sorted[i], sorted[j], table.rows);
    setPair(result, i, j, pair.tau, pair.pValue, count);
  });
  result.ranks = ranksOf(table, sorted, pool);
  return result;
}

} // namespace

Correlation correlate(const Observations &table, Method method,
                      const std::shared_ptr<trainer::ThreadPool> &pool) {
  switch (method) {
  case Method::Pearson:
    return pearson(table, pool);
  case Method::Spearman:
    return spearman(table, pool);
  case Method::Kendall:
    return kendallOfAll(table, *pool);
  }
  return {};
}

} // namespace lamina::statistics
