#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "frontend/files/arrays/element_format.h"

namespace lamina::frontend {

struct NpyHeader {
  ElementFormat format;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Parses the Python dictionary of a .npy header:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. Exactly these keys, each once, in
/// any order; nothing is evaluated. `file` starts the UserError on anything else.
NpyHeader parseNpyHeader(std::string_view file, std::string_view text);

/// The same dictionary, as NumPy writes it.
std::string formatNpyHeader(ElementType type, const std::vector<int64_t> &shape);

} // namespace lamina::frontend
