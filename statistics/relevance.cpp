#include "statistics/relevance.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/distributions.h"

namespace lamina::statistics {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Values of one class: Welford's update.
struct Group {
  double count = 0, mean = 0, squares = 0;

  void add(double value) {
    count += 1;
    double distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
};

ClassRelevance relevanceOf(const Observations &table, size_t column,
                           std::span<const int64_t> classes, size_t classCount) {
  std::vector<Group> groups(classCount);
  Group all;
  for (size_t row = 0; row < table.rows; ++row)
    if (double value = table(row, column); classes[row] >= 0 && std::isfinite(value)) {
      groups[static_cast<size_t>(classes[row])].add(value);
      all.add(value);
    }
  double between = 0, within = 0, present = 0;
  for (const Group &group : groups) {
    present += group.count > 0;
    between += group.count * (group.mean - all.mean) * (group.mean - all.mean);
    within += group.squares;
  }
  if (present < 2 || all.count <= present || !(all.squares > 0))
    return {kNaN, kNaN};
  double ratio = std::sqrt(std::min(between / (between + within), 1.0));
  double f = (between / (present - 1)) / (within / (all.count - present));
  return {ratio, fDistributionTail(f, present - 1, all.count - present)};
}

} // namespace

std::vector<ClassRelevance> relevanceForClasses(const Observations &table,
                                                std::span<const int64_t> classes) {
  size_t classCount = 0;
  for (int64_t each : classes)
    classCount = std::max(classCount, static_cast<size_t>(each + 1));
  std::vector<ClassRelevance> relevance;
  for (size_t column = 0; column < table.columns; ++column)
    relevance.push_back(relevanceOf(table, column, classes, classCount));
  return relevance;
}

} // namespace lamina::statistics
