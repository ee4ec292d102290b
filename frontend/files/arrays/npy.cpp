#include "frontend/files/arrays/npy.h"

#include <algorithm>
#include <cstring>

#include <fmt/ranges.h>

#include "frontend/files/arrays/byte_order.h"
#include "frontend/files/arrays/npy_header.h"
#include "frontend/files/bytes.h"
#include "frontend/files/read_file.h"
#include "frontend/files/utf8.h"
#include "support/atomic_file.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::string_view suffix = ".npy";
constexpr size_t maxHeaderBytes = 65536;

/// The header's text; `bytes` moves on to the elements.
std::string_view takeHeader(std::string_view file, std::span<const std::byte> &bytes) {
  auto damaged = [&] { fail("{}: is damaged: it ends inside its header; copy it again", file); };
  if (!looksLikeNpy(bytes))
    fail("{}: is not a NumPy array: the signature is missing", file);
  if (bytes.size() < 10)
    damaged();
  auto major = static_cast<unsigned>(bytes[6]);
  if (major < 1 || major > 3)
    fail("{}: has version {} of NumPy's format, only 1 to 3 are read", file, major);
  size_t start = major == 1 ? 10 : 12;
  if (bytes.size() < start)
    damaged();
  size_t size =
      major == 1 ? loadLittle<uint16_t>(bytes.subspan(8)) : loadLittle<uint32_t>(bytes.subspan(8));
  if (size > maxHeaderBytes)
    fail("{}: is damaged: its header says that it has {} bytes; save the array again", file, size);
  if (size > bytes.size() - start)
    damaged();
  std::string_view header = asText(bytes.subspan(start, size));
  bytes = bytes.subspan(start + size);
  return header;
}

/// Copies elements from column-major to row-major order.
std::vector<std::byte> transposed(std::span<const std::byte> columns,
                                  const std::vector<int64_t> &shape, size_t width) {
  size_t rank = shape.size();
  std::vector<size_t> strides(rank, width);
  for (size_t i = 1; i < rank; ++i)
    strides[i] = strides[i - 1] * static_cast<size_t>(shape[i - 1]);
  std::vector<std::byte> rows(columns.size());
  std::vector<int64_t> index(rank, 0);
  size_t source = 0;
  for (size_t target = 0; target < rows.size(); target += width) {
    std::memcpy(rows.data() + target, columns.data() + source, width);
    for (size_t i = rank; i-- > 0;) {
      source += strides[i];
      if (++index[i] < shape[i])
        break;
      source -= strides[i] * static_cast<size_t>(shape[i]);
      index[i] = 0;
    }
  }
  return rows;
}

/// The elements in row-major order, checked against the shape; `memory` has them where that is not
/// the file's.
std::span<const std::byte> elementsInOrder(const std::string &name, const NpyHeader &header,
                                           size_t width, std::span<const std::byte> bytes,
                                           std::vector<std::byte> &memory) {
  std::optional<uint64_t> count = checkedElementCount(header.shape);
  // Empty texts have no bytes: their number is checked against what a reader could hold.
  constexpr uint64_t mostEmpty = uint64_t(1) << 32;
  bool fits =
      count && (width == 0 ? *count <= mostEmpty && bytes.empty()
                           : *count <= bytes.size() / width && *count * width == bytes.size());
  if (!fits)
    fail("{}: is damaged: shape {} with elements of {} bytes does not match the {} bytes that "
         "follow; save the array again",
         name, describeShape(header.shape), width, bytes.size());
  if (!header.fortranOrder || header.shape.size() < 2)
    return bytes;
  memory = transposed(bytes, header.shape, width);
  return memory;
}

/// One text, without the zeros at its end.
std::string decodeText(const std::string &name, const TextFormat &format,
                       std::span<const std::byte> bytes) {
  std::string text(asText(bytes));
  if (format.isUnicode) {
    text.clear();
    for (; !bytes.empty(); bytes = bytes.subspan(4)) {
      auto point = loadLittle<uint32_t>(bytes);
      if (format.bigEndian)
        point = __builtin_bswap32(point);
      if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        fail("{}: has a text with {:#x}, which is no character; save the array again", name, point);
      appendUtf8(text, point);
    }
  }
  text.erase(text.find_last_not_of('\0') + 1);
  return text;
}

} // namespace

bool looksLikeNpy(std::span<const std::byte> bytes) {
  return asText(bytes).starts_with(magic);
}

Array parseNpy(std::string_view file, std::span<const std::byte> bytes) {
  std::string name = printable(file, 4096);
  NpyHeader header = parseNpyHeader(name, takeHeader(name, bytes));
  if (header.text)
    fail("{}: has elements of type '{}', which is not supported; convert them to float32", name,
         printable(header.description));
  std::vector<std::byte> transposed;
  bytes = elementsInOrder(name, header, header.format.width, bytes, transposed);
  return decodeElements(name, header.format, std::move(header.shape), bytes);
}

bool holdsTexts(std::string_view file, std::span<const std::byte> bytes) {
  std::string name = printable(file, 4096);
  return parseNpyHeader(name, takeHeader(name, bytes)).text.has_value();
}

Texts parseNpyTexts(std::string_view file, std::span<const std::byte> bytes) {
  std::string name = printable(file, 4096);
  NpyHeader header = parseNpyHeader(name, takeHeader(name, bytes));
  if (!header.text)
    fail("{}: has elements of type '{}', but texts are wanted; convert them with astype(str)", name,
         printable(header.description));
  std::vector<std::byte> transposed;
  size_t width = header.text->width();
  bytes = elementsInOrder(name, header, width, bytes, transposed);
  Texts texts = {std::move(header.shape), {}};
  for (uint64_t i = *checkedElementCount(texts.shape); i > 0; --i, bytes = bytes.subspan(width))
    texts.values.push_back(decodeText(name, *header.text, bytes.first(width)));
  return texts;
}

Array readNpy(const std::string &path) {
  return parseNpy(path, readFile(path));
}

std::vector<std::byte> formatNpy(const Array &array) {
  constexpr size_t prefix = 10;
  constexpr size_t alignment = 64;
  std::string header = formatNpyHeader(array.type, array.shape);
  // NumPy pads so that the elements start at a multiple of 64.
  size_t total = (prefix + header.size() + 1 + alignment - 1) / alignment * alignment;
  header.resize(total - prefix - 1, ' ');
  header += '\n';
  std::vector<std::byte> result;
  result.reserve(total + array.bytes.size());
  auto append = [&](std::span<const std::byte> bytes) {
    result.insert(result.end(), bytes.begin(), bytes.end());
  };
  append(std::as_bytes(std::span(magic)));
  result.insert(result.end(), {std::byte(1), std::byte(0)});
  appendLittle<uint16_t>(result, static_cast<uint16_t>(header.size()));
  append(std::as_bytes(std::span(header)));
  append(array.bytes);
  return result;
}

void writeNpy(const std::string &path, const Array &array) {
  writeFileAtomically(path, formatNpy(array));
}

NpzFile::NpzFile(const std::string &path) : NpzFile(path, ZipArchive(path, readFile(path))) {}

NpzFile::NpzFile(std::string file, ZipArchive archive)
    : file(std::move(file)), archive(std::move(archive)) {
  for (const ZipMember &member : this->archive.members()) {
    if (!member.name.ends_with(suffix))
      fail("{}: is not a .npz file: member '{}' is not an array", printable(this->file, 4096),
           printable(member.name));
    arrayNames.push_back(member.name.substr(0, member.name.size() - suffix.size()));
  }
}

bool NpzFile::contains(std::string_view name) const {
  return std::ranges::find(arrayNames, name) != arrayNames.end();
}

std::span<const std::byte> NpzFile::bytesOf(std::string_view name) {
  const ZipMember *member = archive.find(std::string(name).append(suffix));
  if (!member)
    fail("{}: has no array '{}'; it holds {}", printable(file, 4096), printable(name),
         printable(fmt::format("{}", fmt::join(arrayNames, ", ")), 300));
  return archive.read(*member);
}

std::string NpzFile::placeOf(std::string_view name) const {
  return fmt::format("{}: '{}'", file, name);
}

Array NpzFile::read(std::string_view name) {
  return parseNpy(placeOf(name), bytesOf(name));
}

Texts NpzFile::readTexts(std::string_view name) {
  return parseNpyTexts(placeOf(name), bytesOf(name));
}

bool NpzFile::holdsTexts(std::string_view name) {
  return frontend::holdsTexts(placeOf(name), bytesOf(name));
}

void writeNpz(const std::string &path, const std::map<std::string, Array> &arrays) {
  std::vector<std::vector<std::byte>> contents;
  contents.reserve(arrays.size());
  std::vector<ZipEntry> entries;
  for (const auto &[name, array] : arrays) {
    contents.push_back(formatNpy(array));
    entries.push_back({name + std::string(suffix), contents.back()});
  }
  writeZipArchive(path, entries);
}

} // namespace lamina::frontend
