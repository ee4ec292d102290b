#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace lamina::frontend {

/// The bytes as characters, where they lie.
inline std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace lamina::frontend
