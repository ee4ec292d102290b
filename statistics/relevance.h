#pragma once

#include <memory>
#include <span>
#include <vector>

#include "session/pool.h"
#include "statistics/matrix.h"

namespace lamina::statistics {

/// The relevance of a column for the class of a row: the correlation ratio, the square root of the
/// share of its variance that lies between the classes, from 0 to 1, and the probability of one at
/// least as large by chance (one-way analysis of variance: scipy.stats.f_oneway).
struct ClassRelevance {
  double ratio, pValue;
};

/// For each column of the table. `classes` has the class of each row by number, -1 for none.
std::vector<ClassRelevance> relevanceForClasses(const Observations &table,
                                                std::span<const int64_t> classes);

} // namespace lamina::statistics
