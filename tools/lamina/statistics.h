#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace lamina::tools {

/// The value below which `part` of the values lie, by the nearest rank. There is at least one.
inline double quantile(std::vector<double> values, double part) {
  auto rank = static_cast<size_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  auto place = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

/// "1.50 MiB".
std::string formatBytes(int64_t bytes);

/// JSON has no NaN and no infinity.
inline nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

} // namespace lamina::tools
