#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lamina::frontend {

/// A member of an archive that need not be a sound one: what is set here goes into the headers as
/// it is.
struct RawMember {
  std::string name = {};
  std::string data = {};
  uint16_t flags = 0;
  uint16_t method = 0;
  std::optional<uint32_t> size = {}; // unpacked; the data's own size otherwise
  std::optional<uint32_t> crc = {};
  uint32_t attributes = 0;
  // The local header, where it differs from the directory.
  std::optional<std::string> localName = {};
  std::optional<uint16_t> localMethod = {};
  std::optional<uint32_t> localSize = {};
  std::optional<uint32_t> localCrc = {};
  std::optional<uint32_t> localOffset = {}; // what the directory says
  std::string descriptor = {};              // behind the data
};

/// The bytes of an archive with these members and a comment at its end.
std::vector<std::byte> buildZip(const std::vector<RawMember> &members,
                                const std::string &comment = "");

/// `content` in raw deflate.
std::string deflated(const std::string &content);
uint32_t crcOf(const std::string &content);

/// `value` as a 32-bit little-endian field.
std::string field32(uint32_t value);

} // namespace lamina::frontend
