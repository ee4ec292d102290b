#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "session/quantile.h"

namespace lamina::tools {

using session::quantile;

/// "1.50 MiB".
std::string formatBytes(int64_t bytes);

/// JSON has no NaN and no infinity.
inline nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

} // namespace lamina::tools
