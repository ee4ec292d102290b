// The IDX format: yann.lecun.com/exdb/mnist.
#include <algorithm>
#include <bit>

#include "support/error.h"
#include "trainer/data/formats/formats.h"

namespace lamina::trainer {

namespace {

using frontend::Array;

constexpr size_t kMostDimensions = 8;

/// The element type, and the bytes of one in the file, by the third byte.
struct IdxType {
  uint8_t code;
  ElementType type; ///< 16-bit integers are widened
  size_t bytes;
};
constexpr IdxType kTypes[] = {{0x08, ElementType::U8, 1},  {0x09, ElementType::I8, 1},
                              {0x0b, ElementType::I32, 2}, {0x0c, ElementType::I32, 4},
                              {0x0d, ElementType::F32, 4}, {0x0e, ElementType::F64, 8}};

uint64_t bigEndian(std::span<const std::byte> bytes) {
  uint64_t value = 0;
  for (std::byte byte : bytes)
    value = value << 8 | std::to_integer<uint64_t>(byte);
  return value;
}

const IdxType *typeOf(std::span<const std::byte> bytes) {
  for (const IdxType &type : kTypes)
    if (std::to_integer<uint8_t>(bytes[2]) == type.code)
      return &type;
  return nullptr;
}

/// Elements of `width` bytes, turned around; of two bytes, widened to four.
void copyElements(std::span<const std::byte> source, size_t width, Array &array) {
  size_t wide = byteWidth(array.type);
  for (size_t i = 0; i * width < source.size(); ++i) {
    uint64_t value = bigEndian(source.subspan(i * width, width));
    if (width == 2)
      value = static_cast<uint32_t>(static_cast<int32_t>(static_cast<int16_t>(value)));
    for (size_t b = 0; b < wide; ++b)
      array.bytes[i * wide + b] = static_cast<std::byte>(value >> 8 * b & 0xff);
  }
}

} // namespace

bool looksLikeIdx(std::span<const std::byte> bytes) {
  if (bytes.size() < 8 || bytes[0] != std::byte(0) || bytes[1] != std::byte(0) || !typeOf(bytes))
    return false;
  auto dimensions = std::to_integer<size_t>(bytes[3]);
  return dimensions >= 1 && dimensions <= kMostDimensions;
}

Array parseIdx(const std::string &path, std::span<const std::byte> bytes) {
  const IdxType &type = *typeOf(bytes);
  auto dimensions = std::to_integer<size_t>(bytes[3]);
  size_t header = 4 + 4 * dimensions;
  std::vector<int64_t> shape;
  for (size_t d = 0; d < dimensions && bytes.size() >= header; ++d)
    shape.push_back(static_cast<int64_t>(bigEndian(bytes.subspan(4 + 4 * d, 4))));
  auto count = frontend::checkedElementCount(shape);
  size_t content = bytes.size() >= header ? bytes.size() - header : 0;
  if (shape.size() != dimensions || !count || *count > content || *count * type.bytes != content)
    fail("{}: is damaged: an IDX file of shape {} cannot have {} bytes", path,
         frontend::describeShape(shape), bytes.size());
  Array array = frontend::makeArray(type.type, shape);
  copyElements(bytes.subspan(header), type.bytes, array);
  return array;
}

std::string idxLabelsOf(const std::string &path) {
  size_t images = path.rfind("images");
  if (images == std::string::npos)
    return "";
  std::string labels = path;
  labels.replace(images, 6, "labels");
  if (size_t rank = labels.find("idx3", images); rank != std::string::npos)
    labels.replace(rank, 4, "idx1");
  return labels;
}

} // namespace lamina::trainer
