#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tools/lamina/correlation/analysis.h"
#include "tools/lamina/pictures/heatmap.h"

namespace lamina::tools {

/// {"method", "columns", "matrix", "vif", …}; numbers that are not finite are null.
nlohmann::ordered_json toJson(const Analysis &analysis);

/// The same in words, for people.
std::string describe(const Analysis &analysis);

/// The coefficients as a picture.
Heatmap heatmapOf(const Analysis &analysis);

} // namespace lamina::tools
