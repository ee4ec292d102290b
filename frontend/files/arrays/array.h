#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/element_type.h"

namespace lamina::frontend {

/// A dense array as files hold it: row-major, little-endian, I1 as bytes 0 or 1. A scalar has an
/// empty shape. The bytes start at an address aligned for every element type.
struct Array {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;

  int64_t elementCount() const { return static_cast<int64_t>(bytes.size() / byteWidth(type)); }

  /// The elements, with T the C++ type that `type` stands for.
  template <typename T> std::span<const T> values() const {
    return {reinterpret_cast<const T *>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T> std::span<T> values() {
    return {reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

/// Number of elements of a shape; nothing when an extent is negative or the product overflows.
std::optional<uint64_t> checkedElementCount(std::span<const int64_t> shape);

/// Number of bytes of an array; nothing when `checkedElementCount` has none or the product with
/// the element's width overflows.
std::optional<uint64_t> checkedByteSize(ElementType type, std::span<const int64_t> shape);

/// An array of zeros. The shape comes from a trusted place: a bad one throws std::length_error.
Array makeArray(ElementType type, std::vector<int64_t> shape);

/// The bytes of a text, as U8; asText of its bytes is the text.
Array textArray(std::string_view text);

/// "float32 (64, 128)", as NumPy would print dtype and shape.
std::string describe(const Array &array);
std::string describeShape(std::span<const int64_t> shape);

} // namespace lamina::frontend
