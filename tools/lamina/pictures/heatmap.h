#pragma once

#include <string>
#include <vector>

#include "statistics/matrix.h"

namespace lamina::tools {

/// A square of numbers from -1 to 1, drawn from blue through white to red; NaN is grey.
struct Heatmap {
  std::string title;
  std::vector<std::string> names; ///< of rows and columns
  statistics::Matrix values;
};

/// As a picture of vectors that can be put into a page. Cells tell their numbers when pointed at.
std::string toSvg(const Heatmap &map);
/// As a page without any part outside of itself: the picture, and a table of the same numbers.
std::string toHtml(const Heatmap &map);
/// As the bytes of a PNG file.
std::string toPng(const Heatmap &map);

/// `text` for a place between tags or in quotes.
std::string escapeMarkup(const std::string &text);

} // namespace lamina::tools
