#include "statistics/association.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace lamina::statistics {

namespace {

bool isNeutral(double coefficient, double pValue) {
  return std::abs(coefficient) < 0.1 || pValue > kSignificance;
}

/// The mean distance from 0 of a column's correlations with others.
double closeness(const Correlation &correlation, size_t column,
                 const std::vector<size_t> &columns) {
  double sum = 0, count = 0;
  for (size_t other : columns)
    if (double value = correlation.coefficients(column, other);
        other != column && !std::isnan(value)) {
      sum += std::abs(value);
      ++count;
    }
  return count > 0 ? sum / count : 0;
}

} // namespace

std::string directionOf(double coefficient, double pValue) {
  if (std::isnan(coefficient))
    return "undefined";
  if (isNeutral(coefficient, pValue))
    return "neutral";
  return coefficient > 0 ? "positive" : "negative";
}

std::string strengthOf(double coefficient, double pValue) {
  if (std::isnan(coefficient))
    return "undefined";
  if (isNeutral(coefficient, pValue))
    return "none";
  double magnitude = std::abs(coefficient);
  return magnitude < 0.2   ? "very weak"
         : magnitude < 0.4 ? "weak"
         : magnitude < 0.6 ? "moderate"
         : magnitude < 0.8 ? "strong"
                           : "very strong";
}

std::vector<RedundantPair> findRedundant(const Correlation &correlation,
                                         const std::vector<size_t> &columns,
                                         const std::vector<double> &relevance) {
  std::vector<RedundantPair> pairs;
  auto relevanceOf = [&](size_t column) { return relevance.empty() ? 0 : relevance[column]; };
  for (size_t i = 0; i < columns.size(); ++i)
    for (size_t j = i + 1; j < columns.size(); ++j) {
      size_t first = columns[i], second = columns[j];
      double coefficient = correlation.coefficients(first, second);
      if (!(std::abs(coefficient) >= kRedundant))
        continue;
      bool firstIsCloser =
          closeness(correlation, first, columns) > closeness(correlation, second, columns);
      size_t drop = firstIsCloser ? first : second;
      if (relevanceOf(first) != relevanceOf(second))
        drop = relevanceOf(first) < relevanceOf(second) ? first : second;
      pairs.push_back({first, second, coefficient, drop});
    }
  std::ranges::sort(pairs, [](const RedundantPair &a, const RedundantPair &b) {
    return std::tuple(-std::abs(a.coefficient), a.first, a.second) <
           std::tuple(-std::abs(b.coefficient), b.first, b.second);
  });
  return pairs;
}

} // namespace lamina::statistics
