#pragma once

#include <memory>
#include <vector>

#include "session/pool.h"
#include "statistics/matrix.h"

namespace lamina::statistics {

/// Variance inflation factors: 1 / (1 - R²) of each column regressed on all others, with an
/// intercept, over the rows that lack no value. 1 for a column that is unlike the others, infinite
/// for a linear combination of them, NaN for a constant one, and where there are no more rows than
/// columns.
std::vector<double> varianceInflation(const Observations &table,
                                      const std::shared_ptr<trainer::ThreadPool> &pool);

} // namespace lamina::statistics
