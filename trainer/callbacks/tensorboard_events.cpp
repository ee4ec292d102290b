#include "trainer/callbacks/tensorboard_events.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "trainer/data/cast.h"

namespace lamina::trainer {

namespace {

constexpr std::array<uint32_t, 256> makeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}

template <typename Integer> std::string littleEndian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof value; ++i)
    bytes += static_cast<char>(value >> 8 * i & 0xff);
  return bytes;
}

// Protobuf's wire types.
enum WireType { Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5 };

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(uint32_t field, WireType type) {
  return varint(field << 3 | type);
}

std::string delimited(uint32_t field, std::string_view content) {
  return key(field, Delimited) + varint(content.size()) + std::string(content);
}

std::string fixed64(uint32_t field, double value) {
  return key(field, Fixed64) + littleEndian(std::bit_cast<uint64_t>(value));
}

/// Doubles of a repeated field, packed.
std::string packed(uint32_t field, const std::vector<double> &values) {
  std::string content;
  for (double value : values)
    content += littleEndian(std::bit_cast<uint64_t>(value));
  return delimited(field, content);
}

std::string eventHead(double wallTime, int64_t step) {
  return fixed64(1, wallTime) + key(2, Varint) + varint(static_cast<uint64_t>(step));
}

/// Event { summary = 5 { value = 1 { tag = 1, … } } }.
std::string summaryEvent(double wallTime, int64_t step, std::string_view tag,
                         std::string_view value) {
  return eventHead(wallTime, step) +
         delimited(5, delimited(1, delimited(1, tag) + std::string(value)));
}

/// HistogramProto { min = 1, max = 2, num = 3, sum = 4, sum_squares = 5, bucket_limit = 6,
/// bucket = 7 } of the finite values.
std::string histogram(const frontend::Array &array) {
  std::vector<double> values;
  for (int64_t i = 0; i < array.elementCount(); ++i)
    if (double value = loadValue(array, static_cast<size_t>(i)); std::isfinite(value))
      values.push_back(value);
  if (values.empty())
    values.push_back(0);
  auto [least, most] = std::ranges::minmax(values);
  constexpr size_t kBuckets = 30;
  std::vector<double> limits, counts(kBuckets);
  double width = most > least ? (most - least) / kBuckets : 1;
  for (size_t i = 1; i <= kBuckets; ++i)
    limits.push_back(i == kBuckets && most > least ? most : least + width * static_cast<double>(i));
  double sum = 0, squares = 0;
  for (double value : values) {
    ++counts[std::min(static_cast<size_t>((value - least) / width), kBuckets - 1)];
    sum += value;
    squares += value * value;
  }
  return fixed64(1, least) + fixed64(2, most) + fixed64(3, static_cast<double>(values.size())) +
         fixed64(4, sum) + fixed64(5, squares) + packed(6, limits) + packed(7, counts);
}

} // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = makeCrcTable();
  uint32_t crc = ~0u;
  for (char c : bytes)
    crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

uint32_t maskedCrc32c(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

std::string tfRecord(std::string_view data) {
  std::string length = littleEndian(static_cast<uint64_t>(data.size()));
  return length + littleEndian(maskedCrc32c(length)) + std::string(data) +
         littleEndian(maskedCrc32c(data));
}

std::string versionEvent(double wallTime) {
  return fixed64(1, wallTime) + delimited(3, "brain.Event:2");
}

/// Event { wall_time = 1, step = 2, summary = 5 { value = 1 { tag = 1, simple_value = 2 } } }.
std::string scalarEvent(double wallTime, int64_t step, std::string_view tag, float value) {
  return summaryEvent(wallTime, step, tag,
                      key(2, Fixed32) + littleEndian(std::bit_cast<uint32_t>(value)));
}

std::string histogramEvent(double wallTime, int64_t step, std::string_view tag,
                           const frontend::Array &values) {
  return summaryEvent(wallTime, step, tag, delimited(5, histogram(values)));
}

/// Event { graph_def = 4: GraphDef { node = 1 { name = 1, op = 2, input = 3 } } }.
std::string graphEvent(double wallTime, const std::vector<GraphNode> &nodes) {
  std::string graph;
  for (const GraphNode &node : nodes) {
    std::string content = delimited(1, node.name) + delimited(2, node.operation);
    for (const std::string &input : node.inputs)
      content += delimited(3, input);
    graph += delimited(1, content);
  }
  return fixed64(1, wallTime) + delimited(4, graph);
}

} // namespace lamina::trainer
