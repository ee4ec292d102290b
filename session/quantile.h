#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace lamina::session {

/// The value below which `part` of the values lie, by the nearest rank. There is at least one.
inline double quantile(std::vector<double> values, double part) {
  auto rank = static_cast<size_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

} // namespace lamina::session
