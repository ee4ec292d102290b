#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/files/arrays/array.h"

namespace lamina::trainer {

/// CRC-32C (Castagnoli), and masked as TFRecord files store it
/// (tensorflow/core/lib/hash/crc32c.h).
uint32_t crc32c(std::string_view bytes);
uint32_t maskedCrc32c(std::string_view bytes);

/// A TFRecord around `data`: length, its CRC, data, its CRC.
std::string tfRecord(std::string_view data);

/// tensorflow.Event messages (tensorflow/core/util/event.proto) in protobuf's wire format.
std::string versionEvent(double wallTime);
std::string scalarEvent(double wallTime, int64_t step, std::string_view tag, float value);
std::string histogramEvent(double wallTime, int64_t step, std::string_view tag,
                           const frontend::Array &values);

/// A node of a graph: an operation on what other nodes give.
struct GraphNode {
  std::string name, operation;
  std::vector<std::string> inputs; ///< names of nodes
};
std::string graphEvent(double wallTime, const std::vector<GraphNode> &nodes);

} // namespace lamina::trainer
