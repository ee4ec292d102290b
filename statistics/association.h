#pragma once

#include <string>
#include <vector>

#include "statistics/correlation.h"

namespace lamina::statistics {

/// Above this probability of chance a correlation counts as none.
inline constexpr double kSignificance = 0.05;

/// The sign of a correlation in words: "positive", "negative", or "neutral" where it is below 0.1,
/// or might be chance; "undefined" for NaN.
std::string directionOf(double coefficient, double pValue);

/// How far it is from 0 (Evans 1996): "very weak" below 0.2, "weak" below 0.4, "moderate" below
/// 0.6, "strong" below 0.8, "very strong"; "none" for neutral ones.
std::string strengthOf(double coefficient, double pValue);

/// Two columns that say nearly the same, by their numbers, and which of them to leave out.
struct RedundantPair {
  size_t first = 0, second = 0;
  double coefficient = 0;
  size_t drop = 0; ///< one of the two
};

/// At this correlation one column tells little that the other does not.
inline constexpr double kRedundant = 0.9;

/// Pairs of `columns` with a correlation of at least kRedundant, the closest first. Of each the
/// column to drop is the one with the smaller `relevance`; where that says nothing (it is empty, or
/// equal for both) the one that is closer to the other columns.
std::vector<RedundantPair> findRedundant(const Correlation &correlation,
                                         const std::vector<size_t> &columns,
                                         const std::vector<double> &relevance);

} // namespace lamina::statistics
