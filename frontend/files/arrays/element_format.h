#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "frontend/files/arrays/array.h"

namespace lamina::frontend {

/// How a file stores one element, in NumPy's terms.
struct ElementFormat {
  enum class Kind : uint8_t { Float, Signed, Unsigned, Bool };
  Kind kind = Kind::Float;
  uint8_t width = 4; // bytes: 2, 4, 8 for Float; 1, 2, 4, 8 for integers; 1 for Bool
  bool bigEndian = false;

  bool isValid() const;
};

/// The format in which an element type is written.
ElementFormat formatOf(ElementType type);

/// Turns stored elements, row-major, into an array. float32, float64, int8, uint8, int32, int64
/// and bool keep their type; float16 becomes float32, int16, uint16, uint32 and uint64 int64.
/// `stored` has exactly the bytes of the shape. `where` ("FILE: 'NAME'") starts the UserError that
/// says that an unsigned value does not fit.
Array decodeElements(std::string_view where, const ElementFormat &format,
                     std::vector<int64_t> shape, std::span<const std::byte> stored);

} // namespace lamina::frontend
