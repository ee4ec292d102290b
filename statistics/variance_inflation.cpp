#include "statistics/variance_inflation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/correlation.h"

namespace lamina::statistics {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The part of a column's variance that the others leave, below which it is rounding.
constexpr double kLeastRest = 1e-12;
/// The coefficient, of columns of variance 1, below which a column is no part of another one.
constexpr double kLeastCoefficient = 1e-6;

/// The rows without gaps, as a table of its own where some have any.
Observations completeRows(const Observations &table, std::vector<double> &values) {
  auto isComplete = [&](size_t row) {
    auto cells = table.values.subspan(row * table.columns, table.columns);
    return std::ranges::all_of(cells, [](double value) { return std::isfinite(value); });
  };
  size_t complete = 0;
  while (complete < table.rows && isComplete(complete))
    ++complete;
  if (complete == table.rows)
    return table;
  for (size_t row = 0; row < table.rows; ++row)
    if (row < complete || isComplete(row)) {
      auto cells = table.values.subspan(row * table.columns, table.columns);
      values.insert(values.end(), cells.begin(), cells.end());
    }
  return {values.size() / table.columns, table.columns, values};
}

/// Sweeps one column of a symmetric matrix (Goodnight 1979): afterwards the swept columns have the
/// inverse of their part of the matrix, and their rows the coefficients of regressions on them.
void sweep(Matrix &work, size_t k) {
  double pivot = work(k, k);
  for (size_t j = 0; j < work.columns; ++j)
    work(k, j) /= pivot;
  for (size_t i = 0; i < work.rows; ++i) {
    double factor = work(i, k);
    if (i == k || factor == 0)
      continue;
    for (size_t j = 0; j < work.columns; ++j)
      work(i, j) -= factor * work(k, j);
    work(i, k) = -factor / pivot;
  }
  work(k, k) = 1 / pivot;
}

/// The diagonal of the inverse of a correlation matrix; infinite for columns that others make up.
std::vector<double> inverseDiagonal(const Matrix &correlation) {
  Matrix work = correlation;
  std::vector<size_t> dependent;
  for (size_t k = 0; k < work.rows; ++k) {
    if (work(k, k) > kLeastRest)
      sweep(work, k);
    else
      dependent.push_back(k);
  }
  std::vector<double> diagonal;
  for (size_t k = 0; k < work.rows; ++k) {
    bool isPart = std::ranges::any_of(dependent, [&](size_t other) {
      return k == other || std::abs(work(k, other)) > kLeastCoefficient;
    });
    diagonal.push_back(isPart ? kInfinity : work(k, k));
  }
  return diagonal;
}

} // namespace

std::vector<double> varianceInflation(const Observations &table,
                                      const std::shared_ptr<trainer::ThreadPool> &pool) {
  std::vector<double> factors(table.columns, kNaN), values;
  Observations complete = completeRows(table, values);
  if (complete.rows <= table.columns)
    return factors;
  Correlation all = correlate(complete, Method::Pearson, pool);
  std::vector<size_t> varying;
  for (size_t column = 0; column < table.columns; ++column)
    if (!std::isnan(all.coefficients(column, column)))
      varying.push_back(column);
  Matrix correlation(varying.size(), varying.size());
  for (size_t i = 0; i < varying.size(); ++i)
    for (size_t j = 0; j < varying.size(); ++j)
      correlation(i, j) = all.coefficients(varying[i], varying[j]);
  std::vector<double> diagonal = inverseDiagonal(correlation);
  for (size_t i = 0; i < varying.size(); ++i)
    factors[varying[i]] = diagonal[i];
  return factors;
}

} // namespace lamina::statistics
