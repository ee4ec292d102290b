#include <zlib.h>

#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/archive/zip_format.h"
#include "frontend/files/arrays/byte_order.h"
#include "support/atomic_file.h"

namespace lamina::frontend {
namespace {

constexpr uint16_t dosDate1980 = 1 << 5 | 1; // month 1, day 1

struct Written {
  std::string name;
  uint32_t crc = 0;
  uint64_t size = 0;
  uint64_t offset = 0;
};

class Writer {
public:
  Writer(const std::string &path, uint64_t zip64From) : file(path), zip64From(zip64From) {}

  void add(const ZipEntry &entry);
  void finish();

private:
  bool isLarge(uint64_t value) const { return value >= zip64From; }
  uint32_t clamped(uint64_t value) const {
    return static_cast<uint32_t>(isLarge(value) ? zip::in64 : value);
  }
  std::vector<std::byte> zip64Extra(const std::vector<uint64_t> &values) const;
  void appendCommon(std::vector<std::byte> &header, const Written &member, bool large) const;
  void putCentral(const Written &member);
  void putEnd(uint64_t offset, uint64_t size);
  void putText(std::vector<std::byte> &header, std::string_view text) const;

  AtomicFile file;
  uint64_t zip64From;
  std::vector<Written> members;
};

void Writer::putText(std::vector<std::byte> &header, std::string_view text) const {
  auto bytes = std::as_bytes(std::span(text));
  header.insert(header.end(), bytes.begin(), bytes.end());
}

std::vector<std::byte> Writer::zip64Extra(const std::vector<uint64_t> &values) const {
  std::vector<std::byte> extra;
  if (values.empty())
    return extra;
  appendLittle<uint16_t>(extra, zip::extra64);
  appendLittle<uint16_t>(extra, static_cast<uint16_t>(8 * values.size()));
  for (uint64_t value : values)
    appendLittle<uint64_t>(extra, value);
  return extra;
}

/// The fields that local and central header share, from "version needed" to the length of the name.
void Writer::appendCommon(std::vector<std::byte> &header, const Written &member, bool large) const {
  appendLittle<uint16_t>(header, large ? 45 : 20);
  appendLittle<uint16_t>(header, 1 << 11); // names in UTF-8
  appendLittle<uint16_t>(header, zip::stored);
  appendLittle<uint16_t>(header, 0);
  appendLittle<uint16_t>(header, dosDate1980);
  appendLittle<uint32_t>(header, member.crc);
  appendLittle<uint32_t>(header, clamped(member.size));
  appendLittle<uint32_t>(header, clamped(member.size));
  appendLittle<uint16_t>(header, static_cast<uint16_t>(member.name.size()));
}

void Writer::add(const ZipEntry &entry) {
  auto *data = reinterpret_cast<const Bytef *>(entry.content.data());
  auto crc = static_cast<uint32_t>(crc32_z(0, data, entry.content.size()));
  Written member{entry.name, crc, entry.content.size(), file.size()};
  std::vector<uint64_t> large;
  if (isLarge(member.size))
    large = {member.size, member.size};
  std::vector<std::byte> extra = zip64Extra(large);
  std::vector<std::byte> header;
  appendLittle<uint32_t>(header, zip::localSignature);
  appendCommon(header, member, !large.empty());
  appendLittle<uint16_t>(header, static_cast<uint16_t>(extra.size()));
  putText(header, member.name);
  header.insert(header.end(), extra.begin(), extra.end());
  file.write(header);
  file.write(entry.content);
  members.push_back(std::move(member));
}

void Writer::putCentral(const Written &member) {
  std::vector<uint64_t> large;
  if (isLarge(member.size))
    large = {member.size, member.size};
  if (isLarge(member.offset))
    large.push_back(member.offset);
  std::vector<std::byte> extra = zip64Extra(large);
  std::vector<std::byte> header;
  appendLittle<uint32_t>(header, zip::centralSignature);
  appendLittle<uint16_t>(header, zip::madeByUnix << 8 | 45);
  appendCommon(header, member, !large.empty());
  appendLittle<uint16_t>(header, static_cast<uint16_t>(extra.size()));
  appendLittle<uint16_t>(header, 0); // comment
  appendLittle<uint16_t>(header, 0); // disk
  appendLittle<uint16_t>(header, 0); // internal attributes
  appendLittle<uint32_t>(header, uint32_t(0100644) << 16);
  appendLittle<uint32_t>(header, clamped(member.offset));
  putText(header, member.name);
  header.insert(header.end(), extra.begin(), extra.end());
  file.write(header);
}

void Writer::putEnd(uint64_t offset, uint64_t size) {
  std::vector<std::byte> end;
  uint64_t count = members.size();
  if (isLarge(offset) || isLarge(size) || count >= zip::count64) {
    uint64_t position = offset + size;
    appendLittle<uint32_t>(end, zip::end64Signature);
    appendLittle<uint64_t>(end, zip::end64Size - 12);
    appendLittle<uint16_t>(end, zip::madeByUnix << 8 | 45);
    appendLittle<uint16_t>(end, 45);
    appendLittle<uint32_t>(end, 0);
    appendLittle<uint32_t>(end, 0);
    for (uint64_t value : {count, count, size, offset})
      appendLittle<uint64_t>(end, value);
    appendLittle<uint32_t>(end, zip::locator64Signature);
    appendLittle<uint32_t>(end, 0);
    appendLittle<uint64_t>(end, position);
    appendLittle<uint32_t>(end, 1);
  }
  auto count16 = static_cast<uint16_t>(std::min(count, zip::count64));
  appendLittle<uint32_t>(end, zip::endSignature);
  appendLittle<uint16_t>(end, 0);
  appendLittle<uint16_t>(end, 0);
  appendLittle<uint16_t>(end, count16);
  appendLittle<uint16_t>(end, count16);
  appendLittle<uint32_t>(end, clamped(size));
  appendLittle<uint32_t>(end, clamped(offset));
  appendLittle<uint16_t>(end, 0);
  file.write(end);
}

void Writer::finish() {
  uint64_t offset = file.size();
  for (const Written &member : members)
    putCentral(member);
  putEnd(offset, file.size() - offset);
  file.commit();
}

} // namespace

void writeZipArchive(const std::string &path, const std::vector<ZipEntry> &entries,
                     uint64_t zip64From) {
  Writer writer(path, zip64From);
  for (const ZipEntry &entry : entries)
    writer.add(entry);
  writer.finish();
}

} // namespace lamina::frontend
