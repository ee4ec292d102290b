#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lamina::frontend {

/// Bounds on an archive of foreign origin. Keras and NumPy store members as they are; deflate
/// reaches at most 1032:1, so whoever compressed a real file stays far below the ratio.
struct ZipLimits {
  size_t members = 10'000;
  /// Unpacked sizes up to here are fine whatever the ratio: of one member, and of all together.
  uint64_t memberFloor = uint64_t(64) << 20;
  uint64_t totalFloor = uint64_t(128) << 20;
  /// Beyond the floor, unpacked bytes per packed byte.
  uint64_t ratio = 100;
};

struct ZipMember {
  std::string name; // relative, '/' between components, valid UTF-8
  uint64_t size = 0;
  uint32_t crc = 0;
  bool deflated = false;
  std::span<const std::byte> packed; // into the archive
};

/// Whether the bytes start as a zip archive does.
bool looksLikeZip(std::span<const std::byte> bytes);

/// A zip archive in memory, every structure of which was checked before anything is unpacked.
///
/// There is one reading of the bytes only: central directory, local headers and data descriptors
/// must agree, members may not overlap. Refused: duplicate names (also a file that is another's
/// folder), names that are absolute or contain "..", backslashes, control characters or invalid
/// UTF-8; encryption, symbolic links and special files, compression other than deflate, several
/// disks, bombs as ZipLimits says. Throws UserError `FILE: the archive …`.
class ZipArchive {
public:
  /// `file` is for messages.
  ZipArchive(std::string file, std::vector<std::byte> bytes, const ZipLimits &limits = {});
  ZipArchive(ZipArchive &&) = default; // the members point into the bytes, which move along

  /// In the order of the central directory, without folders.
  const std::vector<ZipMember> &members() const { return all; }
  /// Null when there is none.
  const ZipMember *find(std::string_view name) const;
  /// The member's content, checked against its CRC. Lives as long as the archive.
  std::span<const std::byte> read(const ZipMember &member);
  /// The same for a caller who changes it: nobody may read the member afterwards.
  std::span<std::byte> take(const ZipMember &member);

private:
  std::string file;
  std::vector<std::byte> bytes;
  std::vector<ZipMember> all;
  std::map<std::string, std::vector<std::byte>, std::less<>> unpacked;
};

struct ZipEntry {
  std::string name;
  std::span<const std::byte> content;
};

/// Writes an archive of stored members (which is what Keras and NumPy write), atomically. The bytes
/// depend on the entries alone: the time stamp is the format's zero, 1980-01-01. Sizes and offsets
/// from `zip64From` up use the zip64 fields. Throws UserError `cannot write PATH: reason`.
void writeZipArchive(const std::string &path, const std::vector<ZipEntry> &entries,
                     uint64_t zip64From = 0xffffffff);

} // namespace lamina::frontend
