#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lamina::frontend {

/// An array of texts in UTF-8, row-major.
struct Texts {
  std::vector<int64_t> shape;
  std::vector<std::string> values;
};

} // namespace lamina::frontend
