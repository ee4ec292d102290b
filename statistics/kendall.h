#pragma once

#include <span>

#include "statistics/ranks.h"

namespace lamina::statistics {

/// Kendall's tau-b of two columns and the probability of one at least as far from 0 for independent
/// columns (scipy.stats.kendalltau).
struct KendallResult {
  double tau, pValue;
};

/// Over the rows in which both have a value, in O(n log n) (Knight 1966). The probability is exact
/// for up to 33 rows without ties, and where all pairs but one agree; normal otherwise.
KendallResult kendall(const SortedColumn &x, const SortedColumn &y, size_t rows);

} // namespace lamina::statistics
