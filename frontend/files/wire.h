#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/files/bytes.h"
#include "frontend/files/contained_process.h"

/// The language in which a contained reader reports to its parent: tagged records of unsigned
/// numbers and byte strings, all in the machine's own byte order. The writer ends at the first
/// failure; the reader trusts nothing and yields nothing past the first malformed field.
namespace lamina::frontend {

class WireWriter {
public:
  explicit WireWriter(const ContainedSink &sink) : sink(sink) {}

  void number(uint64_t value) { bytes(&value, sizeof(value)); }
  void text(std::string_view value) {
    number(value.size());
    bytes(value.data(), value.size());
  }
  void bytes(const void *data, size_t size) {
    if (buffer.size() + size > bufferLimit)
      flush();
    auto *first = static_cast<const std::byte *>(data);
    if (size > bufferLimit)
      good = good && sink(data, size);
    else
      buffer.insert(buffer.end(), first, first + size);
  }
  /// Hands over the buffer's content; false when anything failed up to now.
  bool flush() {
    good = good && sink(buffer.data(), buffer.size());
    buffer.clear();
    return good;
  }

private:
  static constexpr size_t bufferLimit = 65536;
  const ContainedSink &sink;
  std::vector<std::byte> buffer;
  bool good = true;
};

class WireReader {
public:
  explicit WireReader(std::span<const std::byte> bytes) : rest(bytes) {}

  std::optional<uint64_t> number() {
    uint64_t value = 0;
    std::optional<std::span<const std::byte>> raw = bytes(sizeof(value));
    if (!raw)
      return std::nullopt;
    std::memcpy(&value, raw->data(), sizeof(value));
    return value;
  }
  /// A number of at most `limit`.
  std::optional<uint64_t> numberUpTo(uint64_t limit) {
    std::optional<uint64_t> value = number();
    return value && *value <= limit ? value : std::nullopt;
  }
  std::optional<std::span<const std::byte>> bytes(uint64_t size) {
    if (size > rest.size())
      return std::nullopt;
    std::span<const std::byte> result = rest.first(size);
    rest = rest.subspan(size);
    return result;
  }
  std::optional<std::string> text() {
    std::optional<uint64_t> size = number();
    std::optional<std::span<const std::byte>> raw = size ? bytes(*size) : std::nullopt;
    if (!raw)
      return std::nullopt;
    return std::string(asText(*raw));
  }
  bool atEnd() const { return rest.empty(); }

private:
  std::span<const std::byte> rest;
};

} // namespace lamina::frontend
