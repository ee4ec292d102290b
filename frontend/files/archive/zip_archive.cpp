#include "frontend/files/archive/zip_archive.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "frontend/files/archive/zip_directory.h"
#include "frontend/files/bytes.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

/// Inflates to exactly `size` bytes; false when the stream is malformed or says otherwise.
bool inflateAll(std::span<const std::byte> packed, std::span<std::byte> result) {
  z_stream stream = {};
  constexpr int rawDeflate = -MAX_WBITS;
  if (inflateInit2(&stream, rawDeflate) != Z_OK)
    return false;
  // zlib counts in 32 bits: both sides are handed over in pieces.
  constexpr size_t piece = size_t(1) << 30;
  int status = Z_OK;
  size_t in = 0, out = 0;
  while (status == Z_OK) {
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<std::byte *>(packed.data() + in));
    stream.avail_in = static_cast<uInt>(std::min(piece, packed.size() - in));
    stream.next_out = reinterpret_cast<Bytef *>(result.data() + out);
    stream.avail_out = static_cast<uInt>(std::min(piece, result.size() - out));
    uInt inBefore = stream.avail_in, outBefore = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    in += inBefore - stream.avail_in;
    out += outBefore - stream.avail_out;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && in == packed.size() && out == result.size();
}

} // namespace

bool looksLikeZip(std::span<const std::byte> bytes) {
  std::string_view text = asText(bytes);
  constexpr std::string_view firstMember = "PK\3\4", emptyArchive = "PK\5\6";
  return text.starts_with(firstMember) || text.starts_with(emptyArchive);
}

ZipArchive::ZipArchive(std::string file, std::vector<std::byte> bytes, const ZipLimits &limits)
    : file(std::move(file)), bytes(std::move(bytes)) {
  if (!looksLikeZip(this->bytes))
    fail("{}: is not a zip archive", printable(this->file, 4096));
  all = readZipDirectory(this->file, this->bytes, limits);
}

const ZipMember *ZipArchive::find(std::string_view name) const {
  auto member = std::ranges::find(all, name, &ZipMember::name);
  return member == all.end() ? nullptr : &*member;
}

std::span<const std::byte> ZipArchive::read(const ZipMember &member) {
  if (auto known = unpacked.find(member.name); known != unpacked.end())
    return known->second;
  std::span<const std::byte> content = member.packed;
  std::vector<std::byte> inflated;
  if (member.deflated) {
    inflated.resize(member.size);
    if (!inflateAll(member.packed, inflated))
      fail("{}: the archive is damaged: member '{}' does not unpack; copy or download it again",
           printable(file, 4096), printable(member.name));
    content = inflated;
  }
  if (crc32_z(0, reinterpret_cast<const Bytef *>(content.data()), content.size()) != member.crc)
    fail("{}: the archive is damaged: the checksum of member '{}' is wrong; "
         "copy or download it again",
         printable(file, 4096), printable(member.name));
  if (!member.deflated)
    return content;
  return unpacked[member.name] = std::move(inflated);
}

std::span<std::byte> ZipArchive::take(const ZipMember &member) {
  std::span<const std::byte> content = read(member);
  return {const_cast<std::byte *>(content.data()), content.size()};
}

} // namespace lamina::frontend
