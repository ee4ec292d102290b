#include "test/unit/files/zip_builder.h"

#include <zlib.h>

#include "frontend/files/archive/zip_format.h"
#include "frontend/files/arrays/byte_order.h"

namespace lamina::frontend {
namespace {

void appendText(std::vector<std::byte> &bytes, const std::string &text) {
  for (char c : text)
    bytes.push_back(static_cast<std::byte>(c));
}

struct HeaderFields {
  uint16_t flags;
  uint16_t method;
  uint32_t crc;
  uint32_t packedSize;
  uint32_t size;
  const std::string &name;
};

void appendHeader(std::vector<std::byte> &zip, const HeaderFields &fields) {
  appendLittle<uint16_t>(zip, 20);
  appendLittle<uint16_t>(zip, fields.flags);
  appendLittle<uint16_t>(zip, fields.method);
  appendLittle<uint32_t>(zip, 0x210000);
  appendLittle<uint32_t>(zip, fields.crc);
  appendLittle<uint32_t>(zip, fields.packedSize);
  appendLittle<uint32_t>(zip, fields.size);
  appendLittle<uint16_t>(zip, static_cast<uint16_t>(fields.name.size()));
  appendLittle<uint16_t>(zip, 0);
}

HeaderFields fieldsOf(const RawMember &member) {
  auto size = static_cast<uint32_t>(member.data.size());
  return {member.flags,
          member.method,
          member.crc.value_or(crcOf(member.data)),
          size,
          member.size.value_or(size),
          member.name};
}

} // namespace

std::vector<std::byte> buildZip(const std::vector<RawMember> &members, const std::string &comment) {
  std::vector<std::byte> zip;
  std::vector<uint32_t> offsets;
  for (const RawMember &member : members) {
    HeaderFields fields = fieldsOf(member);
    offsets.push_back(static_cast<uint32_t>(zip.size()));
    appendLittle<uint32_t>(zip, zip::localSignature);
    appendHeader(zip, {fields.flags, member.localMethod.value_or(fields.method),
                       member.localCrc.value_or(fields.crc),
                       member.localSize.value_or(fields.packedSize),
                       member.localSize.value_or(fields.size),
                       member.localName ? *member.localName : member.name});
    appendText(zip, member.localName.value_or(member.name));
    appendText(zip, member.data);
    appendText(zip, member.descriptor);
  }
  auto directory = static_cast<uint32_t>(zip.size());
  for (size_t i = 0; i < members.size(); ++i) {
    appendLittle<uint32_t>(zip, zip::centralSignature);
    appendLittle<uint16_t>(zip, zip::madeByUnix << 8 | 20);
    appendHeader(zip, fieldsOf(members[i]));
    appendLittle<uint16_t>(zip, 0);
    appendLittle<uint32_t>(zip, 0);
    appendLittle<uint32_t>(zip, members[i].attributes);
    appendLittle<uint32_t>(zip, members[i].localOffset.value_or(offsets[i]));
    appendText(zip, members[i].name);
  }
  auto size = static_cast<uint32_t>(zip.size() - directory);
  auto count = static_cast<uint16_t>(members.size());
  appendLittle<uint32_t>(zip, zip::endSignature);
  appendLittle<uint32_t>(zip, 0);
  appendLittle<uint16_t>(zip, count);
  appendLittle<uint16_t>(zip, count);
  appendLittle<uint32_t>(zip, size);
  appendLittle<uint32_t>(zip, directory);
  appendLittle<uint16_t>(zip, static_cast<uint16_t>(comment.size()));
  appendText(zip, comment);
  return zip;
}

std::string deflated(const std::string &content) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef *>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

uint32_t crcOf(const std::string &content) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef *>(content.data()), content.size()));
}

std::string field32(uint32_t value) {
  std::vector<std::byte> bytes;
  appendLittle<uint32_t>(bytes, value);
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace lamina::frontend
