#include "statistics/distributions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lamina::statistics {

namespace {

/// log Γ(x) - (x - 1/2) log x + x - log(2 π) / 2 for large x (DLMF 5.11.1).
double stirlingRest(double x) {
  double square = 1 / (x * x);
  return (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / x;
}

/// log(Γ(a + b) / (Γ(a) Γ(b))). Where a is large, logarithms of the functions themselves would lose
/// most digits in their difference.
double logInverseBeta(double a, double b) {
  if (a < b)
    std::swap(a, b);
  constexpr double kLarge = 30;
  if (a < kLarge)
    return std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b);
  double ratio = (a - 0.5) * std::log1p(b / a) + b * std::log(a + b) - b + stirlingRest(a + b) -
                 stirlingRest(a); // log(Γ(a + b) / Γ(a))
  return ratio - std::lgamma(b);
}

/// The continued fraction by Lentz' method; converges where x < (a + 1) / (a + b + 2).
double betaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  auto nonzero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / nonzero(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m <= 100000; ++m) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonzero(1 + even * d);
    c = nonzero(1 + even / c);
    result *= d * c;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonzero(1 + odd * d);
    c = nonzero(1 + odd / c);
    double factor = d * c;
    result *= factor;
    if (std::abs(factor - 1) < std::numeric_limits<double>::epsilon())
      break;
  }
  return result;
}

/// log(1 - other) or log(x), whichever is the more exact of the two.
double logOf(double x, double other) {
  return other < 0.5 ? std::log1p(-other) : std::log(x);
}

} // namespace

double incompleteBeta(double a, double b, double x, double y) {
  if (std::isnan(x) || x <= 0)
    return std::isnan(x) ? x : 0;
  if (y <= 0)
    return 1;
  double front = std::exp(logInverseBeta(a, b) + a * logOf(x, y) + b * logOf(y, x));
  if (x < (a + 1) / (a + b + 2))
    return front * betaFraction(a, b, x) / a;
  return 1 - front * betaFraction(b, a, y) / b;
}

double correlationPValue(double r, double count) {
  if (std::isnan(r) || count < 2)
    return std::numeric_limits<double>::quiet_NaN();
  if (count == 2)
    return 1;
  double magnitude = std::min(std::abs(r), 1.0);
  return incompleteBeta(count / 2 - 1, 0.5, (1 - magnitude) * (1 + magnitude),
                        magnitude * magnitude);
}

double fDistributionTail(double f, double between, double within) {
  if (std::isnan(f) || between <= 0 || within <= 0)
    return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(f))
    return 0;
  double sum = within + between * f;
  return incompleteBeta(within / 2, between / 2, within / sum, between * f / sum);
}

double normalPValue(double z) {
  return std::erfc(std::abs(z) / std::sqrt(2.0));
}

} // namespace lamina::statistics
