#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/files/arrays/element_format.h"

namespace lamina::frontend {

/// How a file stores a text of fixed length, which zeros fill up.
struct TextFormat {
  bool isUnicode = false; ///< UTF-32, else bytes
  size_t length = 0;      ///< in characters or bytes
  bool bigEndian = false;

  size_t width() const { return isUnicode ? 4 * length : length; }
};

struct NpyHeader {
  ElementFormat format;
  std::optional<TextFormat> text; ///< in place of `format`
  std::string description;        ///< of the format, as in the file
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
