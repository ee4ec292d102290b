#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "support/error.h"

/// What the fuzz targets have in common.
namespace lamina::fuzz {

inline std::string_view toText(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

inline std::vector<std::byte> toBytes(const uint8_t *data, size_t size) {
  std::vector<std::byte> bytes(size);
  if (size > 0)
    std::memcpy(bytes.data(), data, size);
  return bytes;
}

/// Runs `read`, which may refuse the input in one line and nothing else. The result is libFuzzer's.
template <typename Read> int refusing(Read read) {
  try {
    read();
  } catch (const UserError &error) {
    if (std::string_view(error.what()).find('\n') != std::string_view::npos)
      __builtin_trap();
  }
  return 0;
}

} // namespace lamina::fuzz
