#include "trainer/data/cast.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace lamina::trainer {

namespace {

/// Calls `body` with a value of the C++ type that `type` stands for.
template <typename Body> auto withType(ElementType type, Body &&body) {
  switch (type) {
  case ElementType::F64:
    return body(double());
  case ElementType::I32:
    return body(int32_t());
  case ElementType::I64:
    return body(int64_t());
  case ElementType::I8:
    return body(int8_t());
  case ElementType::U8:
    return body(uint8_t());
  case ElementType::I1:
    return body(bool());
  case ElementType::F32:
    break;
  }
  return body(float());
}

/// Converts between element types; false when `To` is an integer type that cannot hold the value.
template <typename To, typename From> bool convert(From from, To &to) {
  if constexpr (std::is_floating_point_v<To>) {
    to = static_cast<To>(from);
    return true;
  } else if constexpr (std::is_floating_point_v<From>) {
    // The bounds are powers of two and exact in floating point; NaN fails every comparison.
    constexpr From limit = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) *
                           (std::is_same_v<To, bool> ? 1 : 2);
    constexpr From least = static_cast<From>(std::numeric_limits<To>::min());
    bool fits = from >= least && (std::is_same_v<To, bool> ? from <= 1 : from < limit) &&
                from == std::trunc(from);
    to = fits ? static_cast<To>(from) : To();
    return fits;
  } else {
    to = static_cast<To>(from);
    bool sameSign =
        std::is_signed_v<From> == std::is_signed_v<To> || (from >= From()) == (to >= To());
    return static_cast<From>(to) == from && sameSign;
  }
}

} // namespace

bool storeValue(ElementType type, std::byte *destination, double value) {
  return withType(type, [&](auto element) {
    bool fits = convert(value, element);
    std::memcpy(destination, &element, sizeof element);
    return fits;
  });
}

double loadValue(const frontend::Array &array, size_t index) {
  return withType(array.type, [&](auto element) {
    std::memcpy(&element, array.bytes.data() + index * sizeof element, sizeof element);
    return static_cast<double>(element);
  });
}

frontend::Array castArray(frontend::Array array, ElementType type,
                          const std::function<void(size_t index, double value)> &refuse) {
  if (array.type == type)
    return array;
  frontend::Array result = frontend::makeArray(type, array.shape);
  size_t count = static_cast<size_t>(array.elementCount());
  withType(array.type, [&](auto from) {
    withType(type, [&](auto to) {
      const std::byte *source = array.bytes.data();
      std::byte *destination = result.bytes.data();
      for (size_t i = 0; i < count; ++i) {
        std::memcpy(&from, source + i * sizeof from, sizeof from);
        if (!convert(from, to))
          refuse(i, static_cast<double>(from));
        std::memcpy(destination + i * sizeof to, &to, sizeof to);
      }
    });
  });
  return result;
}

frontend::Array filledArray(ElementType type, std::vector<int64_t> shape, double value) {
  frontend::Array array = frontend::makeArray(type, std::move(shape));
  withType(type, [&](auto element) {
    storeValue(type, reinterpret_cast<std::byte *>(&element), value);
    std::ranges::fill(array.values<decltype(element)>(), element);
  });
  return array;
}

} // namespace lamina::trainer
