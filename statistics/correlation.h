#pragma once

#include <memory>

#include "session/pool.h"
#include "statistics/matrix.h"

namespace lamina::statistics {

enum class Method {
  Pearson,  ///< linear relations
  Spearman, ///< monotonic relations: Pearson's of the ranks
  Kendall   ///< monotonic relations: pairs of rows that agree in their order, tau-b
};

/// What all pairs of columns have in common. NaN stands for what is not defined: a pair with fewer
/// than two common rows, or with a column that is constant in them.
struct Correlation {
  Method method = Method::Pearson;
  Matrix coefficients; ///< from -1 to 1, and 1 for a column with itself
  Matrix pValues;      ///< of independence, two-sided; 0 for a column with itself
  Matrix counts;       ///< rows in which both have a value
  /// Of Spearman's and Kendall's: each column's ranks among its own values, NaN where it has none.
  Matrix ranks;
};

/// The correlation of all pairs of columns. Rows that lack a value of a pair are left out of that
/// pair, equal values get the mean of their ranks (as in pandas.DataFrame.corr). Sums over the
/// rows are graphs that Lamina compiles; the same bits for any number of threads.
Correlation correlate(const Observations &table, Method method,
                      const std::shared_ptr<trainer::ThreadPool> &pool);

} // namespace lamina::statistics
