#include "frontend/files/arrays/element_format.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/error.h"

namespace lamina::frontend {
namespace {

using Kind = ElementFormat::Kind;

ElementType resultType(const ElementFormat &format) {
  switch (format.kind) {
  case Kind::Float:
    return format.width == 8 ? ElementType::F64 : ElementType::F32;
  case Kind::Signed:
    return format.width == 1   ? ElementType::I8
           : format.width == 4 ? ElementType::I32
                               : ElementType::I64;
  case Kind::Unsigned:
    return format.width == 1 ? ElementType::U8 : ElementType::I64;
  case Kind::Bool:
    return ElementType::I1;
  }
  return ElementType::F32;
}

void swapBytes(std::span<std::byte> bytes, size_t width) {
  for (size_t i = 0; i + width <= bytes.size(); i += width)
    std::reverse(bytes.begin() + i, bytes.begin() + i + width);
}

/// IEEE 754's binary16: a sign, 5 bits of exponent, 10 of fraction.
float halfToFloat(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 1023;
  float magnitude = exponent == 0   ? std::ldexp(static_cast<float>(fraction), -24)
                    : exponent < 31 ? std::ldexp(static_cast<float>(fraction + 1024), exponent - 25)
                    : fraction == 0 ? std::numeric_limits<float>::infinity()
                                    : std::numeric_limits<float>::quiet_NaN();
  return half >> 15 ? -magnitude : magnitude;
}

void widenHalves(std::span<const std::byte> stored, Array &result) {
  result.bytes.resize(stored.size() * 2);
  std::span<float> values = result.values<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half;
    std::memcpy(&half, stored.data() + i * sizeof(half), sizeof(half));
    values[i] = halfToFloat(half);
  }
}

/// Widens integers of type T, which fit int64 but for the upper half of uint64.
template <typename T>
void widen(std::string_view where, std::span<const std::byte> stored, Array &result) {
  std::span<int64_t> values = result.values<int64_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, stored.data() + i * sizeof(T), sizeof(T));
    if constexpr (sizeof(T) == 8)
      if (value > static_cast<T>(std::numeric_limits<int64_t>::max()))
        fail("{}: the value {} does not fit int64; store it as int64 or a floating-point number",
             where, value);
    values[i] = static_cast<int64_t>(value);
  }
}

} // namespace

bool ElementFormat::isValid() const {
  switch (kind) {
  case Kind::Float:
    return width == 2 || width == 4 || width == 8;
  case Kind::Signed:
  case Kind::Unsigned:
    return width == 1 || width == 2 || width == 4 || width == 8;
  case Kind::Bool:
    return width == 1;
  }
  return false;
}

ElementFormat formatOf(ElementType type) {
  auto width = static_cast<uint8_t>(byteWidth(type));
  switch (type) {
  case ElementType::F32:
  case ElementType::F64:
    return {Kind::Float, width};
  case ElementType::I8:
  case ElementType::I32:
  case ElementType::I64:
    return {Kind::Signed, width};
  case ElementType::U8:
    return {Kind::Unsigned, width};
  case ElementType::I1:
    return {Kind::Bool, width};
  }
  return {};
}

Array decodeElements(std::string_view where, const ElementFormat &format,
                     std::vector<int64_t> shape, std::span<const std::byte> stored) {
  Array result{resultType(format), std::move(shape), {}};
  std::vector<std::byte> native(stored.begin(), stored.end());
  if (format.bigEndian)
    swapBytes(native, format.width);
  if (format.kind == Kind::Bool)
    for (std::byte &value : native)
      value = std::byte(value != std::byte(0));
  if (byteWidth(result.type) == format.width &&
      !(format.kind == Kind::Unsigned && format.width == 8)) {
    result.bytes = std::move(native);
    return result;
  }
  if (format.kind == Kind::Float) {
    widenHalves(native, result);
    return result;
  }
  result.bytes.resize(native.size() / format.width * sizeof(int64_t));
  if (format.width == 8)
    widen<uint64_t>(where, native, result);
  else if (format.width == 4)
    widen<uint32_t>(where, native, result);
  else if (format.kind == Kind::Signed)
    widen<int16_t>(where, native, result);
  else
    widen<uint16_t>(where, native, result);
  return result;
}

} // namespace lamina::frontend
