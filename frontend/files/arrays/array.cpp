#include "frontend/files/arrays/array.h"

#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lamina::frontend {
namespace {

/// Products stay below this, so that sums of a few of them cannot overflow either.
constexpr uint64_t maxBytes = uint64_t(1) << 56;

std::optional<uint64_t> checkedProduct(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > maxBytes)
    return std::nullopt;
  return product;
}

} // namespace

std::optional<uint64_t> checkedElementCount(std::span<const int64_t> shape) {
  std::optional<uint64_t> count = 1;
  // A zero extent must not hide the overflow of the others: strides are computed from them.
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    if (extent == 0) {
      empty = true;
      continue;
    }
    count = checkedProduct(*count, static_cast<uint64_t>(extent));
    if (!count)
      return std::nullopt;
  }
  return empty ? 0 : count;
}

std::optional<uint64_t> checkedByteSize(ElementType type, std::span<const int64_t> shape) {
  std::optional<uint64_t> count = checkedElementCount(shape);
  return count ? checkedProduct(*count, byteWidth(type)) : std::nullopt;
}

Array makeArray(ElementType type, std::vector<int64_t> shape) {
  std::optional<uint64_t> size = checkedByteSize(type, shape);
  if (!size)
    throw std::length_error("makeArray: shape " + describeShape(shape));
  return {type, std::move(shape), std::vector<std::byte>(*size)};
}

Array textArray(std::string_view text) {
  auto bytes = std::as_bytes(std::span(text));
  return {ElementType::U8, {static_cast<int64_t>(text.size())}, {bytes.begin(), bytes.end()}};
}

std::string describeShape(std::span<const int64_t> shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

std::string describe(const Array &array) {
  return fmt::format("{} {}", typeName(array.type), describeShape(array.shape));
}

} // namespace lamina::frontend
