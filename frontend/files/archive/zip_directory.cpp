#include "frontend/files/archive/zip_directory.h"

#include <algorithm>
#include <optional>
#include <set>

#include "frontend/files/archive/zip_format.h"
#include "frontend/files/arrays/byte_order.h"
#include "frontend/files/bytes.h"
#include "frontend/files/utf8.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

/// The central directory's offset, size and entries, from the end of the archive.
struct DirectoryExtent {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t count = 0;
};

/// The fields that both headers of a member have.
struct Header {
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint64_t packedSize = 0;
  uint64_t size = 0;
  uint64_t localOffset = 0; // central header only
  std::string name;
};

/// The bytes [begin, end) that a member occupies, headers included.
struct Extent {
  uint64_t begin = 0;
  uint64_t end = 0;
  const std::string *name = nullptr;
};

class DirectoryReader {
public:
  DirectoryReader(const std::string &file, std::span<const std::byte> bytes,
                  const ZipLimits &limits)
      : file(file), bytes(bytes), limits(limits) {}

  std::vector<ZipMember> read();

private:
  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args &&...args) const {
    fail("{}: the archive {}", printable(file, 4096),
         fmt::format(format, std::forward<Args>(args)...));
  }
  /// An unsigned integer at a position that may lie anywhere.
  template <typename T> T load(uint64_t position) const {
    if (position > bytes.size() || bytes.size() - position < sizeof(T))
      refuse("is damaged: it ends inside a structure; copy or download it again");
    return loadLittle<T>(bytes.subspan(position));
  }
  std::string_view textAt(uint64_t position, uint64_t size) const;

  DirectoryExtent findDirectory() const;
  DirectoryExtent readZip64End(uint64_t endPosition) const;
  Header readCentral(uint64_t position, uint64_t &next) const;
  void readZip64Extra(Header &header, std::string_view extra, bool isCentral) const;
  void checkName(const std::string &name) const;
  void checkAttributes(const Header &header, uint64_t position) const;
  void checkFlags(const Header &header) const;
  void checkRatio(const Header &header);
  void checkUnique();
  Header readLocalHeader(const Header &central, uint64_t &data) const;
  ZipMember readLocal(const Header &central, uint64_t &end) const;
  uint64_t readDescriptor(const Header &central, uint64_t position) const;
  void checkOverlaps(uint64_t directoryOffset);

  const std::string &file;
  std::span<const std::byte> bytes;
  const ZipLimits &limits;
  uint64_t totalSize = 0;
  std::vector<Header> headers;
  std::vector<Extent> extents;
};

std::vector<ZipMember> DirectoryReader::read() {
  DirectoryExtent extent = findDirectory();
  if (extent.count > limits.members)
    refuse("has {} members, more than {}", extent.count, limits.members);
  uint64_t position = extent.offset;
  headers.reserve(extent.count);
  for (uint64_t i = 0; i < extent.count; ++i) {
    headers.push_back(readCentral(position, position));
    if (position > extent.offset + extent.size)
      refuse("is damaged: its directory is longer than it says");
  }
  if (position != extent.offset + extent.size)
    refuse("is damaged: its directory holds more than {} members", extent.count);
  checkUnique();

  std::vector<ZipMember> members;
  for (const Header &header : headers) {
    uint64_t end = 0;
    ZipMember member = readLocal(header, end);
    extents.push_back({header.localOffset, end, &header.name});
    if (!header.name.ends_with('/'))
      members.push_back(std::move(member));
  }
  checkOverlaps(extent.offset);
  return members;
}

std::string_view DirectoryReader::textAt(uint64_t position, uint64_t size) const {
  if (position > bytes.size() || bytes.size() - position < size)
    refuse("is damaged: it ends inside a structure; copy or download it again");
  return asText(bytes.subspan(position, size));
}

/// The end record is looked for from the back, as every reader does; the first signature met must
/// be it, with a comment that reaches the file's end, so that no two readers disagree.
DirectoryExtent DirectoryReader::findDirectory() const {
  std::string_view text = asText(bytes);
  size_t found = text.rfind("PK\5\6");
  uint64_t rest = found == text.npos ? 0 : bytes.size() - found;
  if (rest < zip::endSize || rest > zip::endSize + 0xffff)
    refuse("is cut short: its directory is missing; copy or download it again");
  if (found + zip::endSize + load<uint16_t>(found + 20) != bytes.size())
    refuse("is damaged: its end record does not stand at the end of the file");
  DirectoryExtent extent{load<uint32_t>(found + 16), load<uint32_t>(found + 12),
                         load<uint16_t>(found + 10)};
  bool oneDisk = load<uint16_t>(found + 4) == 0 && load<uint16_t>(found + 6) == 0 &&
                 load<uint16_t>(found + 8) == extent.count;
  if (!oneDisk)
    refuse("is split over several disks; join it first");
  uint64_t directoryEnd = found;
  bool saturated =
      extent.offset == zip::in64 || extent.size == zip::in64 || extent.count == zip::count64;
  if (saturated && found >= zip::locator64Size &&
      load<uint32_t>(found - zip::locator64Size) == zip::locator64Signature) {
    extent = readZip64End(found);
    directoryEnd = load<uint64_t>(found - zip::locator64Size + 8);
  }
  if (extent.offset > directoryEnd || directoryEnd - extent.offset != extent.size)
    refuse("is damaged: its directory does not stand where the end record says; "
           "nothing may precede or follow the archive in the file");
  return extent;
}

DirectoryExtent DirectoryReader::readZip64End(uint64_t endPosition) const {
  uint64_t locator = endPosition - zip::locator64Size;
  uint64_t position = load<uint64_t>(locator + 8);
  if (position > locator || locator - position != zip::end64Size ||
      load<uint32_t>(position) != zip::end64Signature ||
      load<uint64_t>(position + 4) != zip::end64Size - 12)
    refuse("is damaged: its zip64 end record is not where it should be");
  uint64_t count = load<uint64_t>(position + 32);
  bool oneDisk = load<uint32_t>(locator + 4) == 0 && load<uint32_t>(locator + 16) <= 1 &&
                 load<uint32_t>(position + 16) == 0 && load<uint32_t>(position + 20) == 0 &&
                 load<uint64_t>(position + 24) == count;
  if (!oneDisk)
    refuse("is split over several disks; join it first");
  return {load<uint64_t>(position + 48), load<uint64_t>(position + 40), count};
}

Header DirectoryReader::readCentral(uint64_t position, uint64_t &next) const {
  if (load<uint32_t>(position) != zip::centralSignature)
    refuse("is damaged: its directory is not readable");
  Header header;
  header.flags = load<uint16_t>(position + 8);
  header.method = load<uint16_t>(position + 10);
  header.crc = load<uint32_t>(position + 16);
  header.packedSize = load<uint32_t>(position + 20);
  header.size = load<uint32_t>(position + 24);
  header.localOffset = load<uint32_t>(position + 42);
  uint64_t nameSize = load<uint16_t>(position + 28);
  uint64_t extraSize = load<uint16_t>(position + 30);
  uint64_t commentSize = load<uint16_t>(position + 32);
  if (load<uint16_t>(position + 34) != 0)
    refuse("is split over several disks; join it first");
  header.name = textAt(position + zip::centralSize, nameSize);
  checkName(header.name);
  readZip64Extra(header, textAt(position + zip::centralSize + nameSize, extraSize), true);
  checkFlags(header);
  checkAttributes(header, position);
  next = position + zip::centralSize + nameSize + extraSize + commentSize;
  return header;
}

/// Takes the 64-bit values of the fields that are saturated, in the order the format prescribes.
void DirectoryReader::readZip64Extra(Header &header, std::string_view extra, bool isCentral) const {
  std::vector<uint64_t *> wanted;
  if (header.size == zip::in64)
    wanted.push_back(&header.size);
  if (header.packedSize == zip::in64)
    wanted.push_back(&header.packedSize);
  if (isCentral && header.localOffset == zip::in64)
    wanted.push_back(&header.localOffset);
  bool found = false;
  while (extra.size() >= 4) {
    auto field = std::as_bytes(std::span(extra));
    uint16_t id = loadLittle<uint16_t>(field);
    size_t size = loadLittle<uint16_t>(field.subspan(2));
    if (size > extra.size() - 4 || (id == zip::extra64 && found))
      refuse("is damaged: member '{}' has malformed extra fields", printable(header.name));
    if (id == zip::extra64) {
      found = true;
      if (size < wanted.size() * 8)
        refuse("is damaged: member '{}' has malformed extra fields", printable(header.name));
      for (size_t i = 0; i < wanted.size(); ++i)
        *wanted[i] = loadLittle<uint64_t>(field.subspan(4 + 8 * i));
    }
    extra.remove_prefix(4 + size);
  }
}

void DirectoryReader::checkName(const std::string &name) const {
  auto bad = [&](std::string_view reason) {
    refuse("has a member with an unsafe name, '{}': {}", printable(name), reason);
  };
  if (name.empty())
    bad("it is empty");
  if (findInvalidUtf8(name) != std::string::npos)
    refuse("has a member whose name is not UTF-8");
  if (name.find('\\') != name.npos)
    bad("it contains a backslash");
  if (name.front() == '/' || (name.size() > 1 && name[1] == ':'))
    bad("it is absolute");
  if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    bad("it contains control characters");
  std::string_view rest = name.ends_with('/') ? std::string_view(name).substr(0, name.size() - 1)
                                              : std::string_view(name);
  while (true) {
    size_t slash = rest.find('/');
    std::string_view component = rest.substr(0, slash);
    if (component.empty() || component == "." || component == "..")
      bad("it leaves its folder");
    if (slash == rest.npos)
      return;
    rest.remove_prefix(slash + 1);
  }
}

void DirectoryReader::checkFlags(const Header &header) const {
  std::string name = printable(header.name);
  if (header.flags & (zip::flagEncrypted | zip::flagStrongEncryption | zip::flagMaskedHeaders))
    refuse("has an encrypted member, '{}'; save it without a password", name);
  if (header.flags & ~zip::flagsUnderstood)
    refuse("is damaged: member '{}' has unknown flags {:#06x}", name, header.flags);
  if (header.method != zip::stored && header.method != zip::deflated)
    refuse("has a member compressed with method {}, '{}'; only stored and deflated are read",
           header.method, name);
  if (header.method == zip::stored && header.packedSize != header.size)
    refuse("is damaged: member '{}' is stored, but with two sizes", name);
  if (header.name.ends_with('/') && header.size != 0)
    refuse("is damaged: the folder '{}' has content", name);
}

void DirectoryReader::checkAttributes(const Header &header, uint64_t position) const {
  constexpr uint32_t typeMask = 0170000, regular = 0100000, folder = 0040000;
  if (load<uint8_t>(position + 5) != zip::madeByUnix)
    return;
  uint32_t type = (load<uint32_t>(position + 38) >> 16) & typeMask;
  uint32_t expected = header.name.ends_with('/') ? folder : regular;
  if (type != 0 && type != expected)
    refuse("has a member that is not a regular file but a link or a device, '{}'",
           printable(header.name));
}

void DirectoryReader::checkRatio(const Header &header) {
  auto isBomb = [&](uint64_t size, uint64_t packedSize, uint64_t floor) {
    return size > floor && size / limits.ratio > packedSize;
  };
  if (__builtin_add_overflow(totalSize, header.size, &totalSize) ||
      isBomb(header.size, header.packedSize, limits.memberFloor) ||
      isBomb(totalSize, bytes.size(), limits.totalFloor))
    refuse("would unpack to far more than it holds (a bomb): member '{}' has {} bytes, {} packed",
           printable(header.name), header.size, header.packedSize);
}

/// No name twice, and no file that is also the folder of another member.
void DirectoryReader::checkUnique() {
  std::set<std::string_view> files;
  std::set<std::string_view> folders;
  for (const Header &header : headers) {
    checkRatio(header);
    std::string_view name = header.name;
    for (size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1))
      folders.insert(name.substr(0, slash));
    if (!files.insert(name).second)
      refuse("has two members with the name '{}'", printable(name));
  }
  for (std::string_view name : files)
    if (folders.contains(name))
      refuse("has two members with the name '{}'", printable(name));
}

/// The header in front of a member's data; `data` becomes the position behind it.
Header DirectoryReader::readLocalHeader(const Header &central, uint64_t &data) const {
  uint64_t position = central.localOffset;
  if (position > bytes.size() || load<uint32_t>(position) != zip::localSignature)
    refuse("is damaged: member '{}' is not where the directory says", printable(central.name));
  Header local;
  local.flags = load<uint16_t>(position + 6);
  local.method = load<uint16_t>(position + 8);
  local.crc = load<uint32_t>(position + 14);
  local.packedSize = load<uint32_t>(position + 18);
  local.size = load<uint32_t>(position + 22);
  uint64_t nameSize = load<uint16_t>(position + 26);
  uint64_t extraSize = load<uint16_t>(position + 28);
  local.name = textAt(position + zip::localSize, nameSize);
  readZip64Extra(local, textAt(position + zip::localSize + nameSize, extraSize), false);
  data = position + zip::localSize + nameSize + extraSize;
  return local;
}

/// Compares the local header with the central one; `end` becomes the end of all that belongs to
/// the member.
ZipMember DirectoryReader::readLocal(const Header &central, uint64_t &end) const {
  uint64_t data = 0;
  Header local = readLocalHeader(central, data);
  auto mismatch = [&](std::string_view what) {
    refuse("is damaged: member '{}' has one {} in the directory and another at its data",
           printable(central.name), what);
  };
  if (local.name != central.name)
    mismatch("name");
  if (local.flags != central.flags || local.method != central.method)
    mismatch("method");
  // A writer that could not seek back leaves zeros here and puts the sizes behind the data.
  bool hasDescriptor = central.flags & zip::flagDescriptor;
  bool isBlank = hasDescriptor && local.crc == 0 && local.packedSize == 0 && local.size == 0;
  if (!isBlank && (local.packedSize != central.packedSize || local.size != central.size))
    mismatch("size");
  if (!isBlank && local.crc != central.crc)
    mismatch("checksum");
  if (central.packedSize > bytes.size() - data)
    refuse("is damaged: member '{}' reaches past the end", printable(central.name));
  end = data + central.packedSize;
  if (hasDescriptor)
    end = readDescriptor(central, end);
  return {central.name, central.size, central.crc, central.method == zip::deflated,
          bytes.subspan(data, central.packedSize)};
}

/// The descriptor comes with or without a signature and with sizes of 32 or 64 bits; it is the form
/// that repeats the directory's numbers. Returns its end.
uint64_t DirectoryReader::readDescriptor(const Header &central, uint64_t position) const {
  for (uint64_t signature : {4, 0})
    for (uint64_t width : {4, 8}) {
      uint64_t size = signature + 4 + 2 * width;
      if (bytes.size() - position < size)
        continue;
      uint64_t at = position + signature;
      auto sizeAt = [&](uint64_t p) { return width == 4 ? load<uint32_t>(p) : load<uint64_t>(p); };
      bool isMarked = signature == 0 || load<uint32_t>(position) == zip::descriptorSignature;
      if (isMarked && load<uint32_t>(at) == central.crc && sizeAt(at + 4) == central.packedSize &&
          sizeAt(at + 4 + width) == central.size)
        return position + size;
    }
  refuse("is damaged: member '{}' has one size in the directory and another at its data",
         printable(central.name));
}

void DirectoryReader::checkOverlaps(uint64_t directoryOffset) {
  std::ranges::sort(extents, {}, &Extent::begin);
  for (size_t i = 0; i < extents.size(); ++i) {
    uint64_t limit = i + 1 < extents.size() ? extents[i + 1].begin : directoryOffset;
    if (extents[i].end > limit)
      refuse("is damaged: member '{}' overlaps what follows it", printable(*extents[i].name));
  }
}

} // namespace

std::vector<ZipMember> readZipDirectory(const std::string &file, std::span<const std::byte> bytes,
                                        const ZipLimits &limits) {
  return DirectoryReader(file, bytes, limits).read();
}

} // namespace lamina::frontend
