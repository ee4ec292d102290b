#pragma once

namespace lamina::statistics {

/// The regularized incomplete beta function I_x(a, b) for 0 <= x <= 1 and a, b > 0, where `y` is
/// 1 - x: given apart, since near 1 the difference says more than x itself. By the continued
/// fraction of DLMF 8.17.22.
double incompleteBeta(double a, double b, double x, double y);

/// The probability of a correlation at least as far from 0 as `r` in `count` pairs of independent
/// values of normal distributions: two-sided, of Student's t with count - 2 degrees of freedom. NaN
/// for fewer than two pairs, 1 for two (scipy.stats.pearsonr, spearmanr).
double correlationPValue(double r, double count);

/// The probability of a value of the F distribution above `f`.
double fDistributionTail(double f, double between, double within);

/// The probability of a standard normal value at least as far from 0 as `z`.
double normalPValue(double z);

} // namespace lamina::statistics
