#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lamina::frontend {

/// The unsigned integer at the start of `bytes`, which holds at least its width, least significant
/// byte first.
template <std::unsigned_integral T> T loadLittle(std::span<const std::byte> bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<T>(bytes[i]) << (8 * i));
  return value;
}

template <std::unsigned_integral T> void appendLittle(std::vector<std::byte> &bytes, T value) {
  for (size_t i = 0; i < sizeof(T); ++i)
    bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

} // namespace lamina::frontend
