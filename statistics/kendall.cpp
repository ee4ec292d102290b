#include "statistics/kendall.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "statistics/distributions.h"

namespace lamina::statistics {

namespace {

constexpr uint32_t kAbsent = std::numeric_limits<uint32_t>::max();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Pairs of equal values, and the sums over ties that the variance needs.
struct Ties {
  double pairs = 0, cubes = 0, squares = 0;

  void add(double t) {
    pairs += t * (t - 1) / 2;
    cubes += t * (t - 1) * (t - 2);
    squares += t * (t - 1) * (2 * t + 5);
  }
};

/// The number of the value of each row, kAbsent for none.
std::vector<uint32_t> numberValues(const SortedColumn &column, size_t rows) {
  std::vector<uint32_t> numbers(rows, kAbsent);
  uint32_t number = 0;
  for (size_t i = 0; i < column.rows.size(); ++i) {
    number += i > 0 && column.begins[i];
    numbers[column.rows[i]] = number;
  }
  return numbers;
}

template <typename Value> Ties countTies(const std::vector<Value> &sorted) {
  Ties ties;
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin;
    while (end < sorted.size() && sorted[end] == sorted[begin])
      ++end;
    ties.add(static_cast<double>(end - begin));
    begin = end;
  }
  return ties;
}

/// Pairs in descending order; sorts on the way.
double countInversions(std::vector<uint32_t> &values) {
  std::vector<uint32_t> merged(values.size());
  double inversions = 0;
  for (size_t width = 1; width < values.size(); width *= 2) {
    for (size_t begin = 0; begin < values.size(); begin += 2 * width) {
      size_t middle = std::min(begin + width, values.size());
      size_t end = std::min(begin + 2 * width, values.size());
      size_t left = begin, right = middle, out = begin;
      uint64_t passed = 0;
      while (left < middle && right < end) {
        bool takesRight = values[right] < values[left];
        passed += takesRight ? middle - left : 0;
        merged[out++] = takesRight ? values[right++] : values[left++];
      }
      std::copy(values.begin() + static_cast<ptrdiff_t>(left),
                values.begin() + static_cast<ptrdiff_t>(middle),
                merged.begin() + static_cast<ptrdiff_t>(out));
      std::copy(values.begin() + static_cast<ptrdiff_t>(right),
                values.begin() + static_cast<ptrdiff_t>(end),
                merged.begin() + static_cast<ptrdiff_t>(out + middle - left));
      inversions += static_cast<double>(passed);
    }
    values.swap(merged);
  }
  return inversions;
}

/// Two-sided, without ties: the number of permutations of `n` with at most so many inversions over
/// all of them (Kendall 1970, Rank Correlation Methods).
double exactPValue(size_t n, double discordant) {
  double pairs = static_cast<double>(n) * (static_cast<double>(n) - 1) / 2;
  auto most = static_cast<size_t>(std::min(discordant, pairs - discordant));
  if (2 * static_cast<double>(most) == pairs)
    return 1;
  // share[k]: the part of the permutations of the first values that has k inversions.
  std::vector<double> share(most + 1, 0.0);
  share[0] = 1;
  for (size_t j = 2; j <= n; ++j) {
    std::vector<double> next(most + 1);
    double window = 0;
    for (size_t k = 0; k <= most; ++k) {
      window += share[k] - (k >= j ? share[k - j] : 0);
      next[k] = window / static_cast<double>(j);
    }
    share.swap(next);
  }
  double sum = 0;
  for (double part : share)
    sum += part;
  return std::clamp(2 * sum, 0.0, 1.0);
}

double normalPValueOf(double n, double difference, const Ties &x, const Ties &y) {
  double m = n * (n - 1);
  double variance = (m * (2 * n + 5) - x.squares - y.squares) / 18 + 2 * x.pairs * y.pairs / m;
  if (n > 2)
    variance += x.cubes * y.cubes / (9 * m * (n - 2));
  return normalPValue(difference / std::sqrt(variance));
}

} // namespace

KendallResult kendall(const SortedColumn &x, const SortedColumn &y, size_t rows) {
  std::vector<uint32_t> xNumbers = numberValues(x, rows), yNumbers = numberValues(y, rows);
  // Rows by x, those of equal x by y.
  std::vector<uint64_t> both;
  for (uint32_t row : x.rows)
    if (yNumbers[row] != kAbsent)
      both.push_back(uint64_t(xNumbers[row]) << 32 | yNumbers[row]);
  for (size_t begin = 0; begin < both.size();) {
    size_t end = begin;
    while (end < both.size() && both[end] >> 32 == both[begin] >> 32)
      ++end;
    std::sort(both.begin() + static_cast<ptrdiff_t>(begin),
              both.begin() + static_cast<ptrdiff_t>(end));
    begin = end;
  }
  std::vector<uint32_t> xs(both.size()), ys(both.size());
  for (size_t i = 0; i < both.size(); ++i) {
    xs[i] = static_cast<uint32_t>(both[i] >> 32);
    ys[i] = static_cast<uint32_t>(both[i]);
  }
  Ties joint = countTies(both), xTies = countTies(xs);
  double discordant = countInversions(ys);
  Ties yTies = countTies(ys);
  auto n = static_cast<double>(both.size());
  double pairs = n * (n - 1) / 2;
  if (both.size() < 2 || xTies.pairs == pairs || yTies.pairs == pairs)
    return {kNaN, kNaN};
  double difference = pairs - xTies.pairs - yTies.pairs + joint.pairs - 2 * discordant;
  double tau = difference / std::sqrt(pairs - xTies.pairs) / std::sqrt(pairs - yTies.pairs);
  tau = std::clamp(tau, -1.0, 1.0);
  bool hasTies = xTies.pairs > 0 || yTies.pairs > 0;
  bool isExact = !hasTies && (both.size() <= 33 || std::min(discordant, pairs - discordant) <= 1);
  return {tau, isExact ? exactPValue(both.size(), discordant)
                       : normalPValueOf(n, difference, xTies, yTies)};
}

} // namespace lamina::statistics
