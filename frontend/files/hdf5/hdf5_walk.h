#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "frontend/files/contained_process.h"

namespace lamina::frontend {

/// Records of the report on an HDF5 file, each a tag and its fields (wire.h).
enum class Hdf5Record : uint64_t {
  Group = 1,      // path
  Dataset,        // path, element format (kind, width, big-endian), rank, extents, source, …
  TextAttribute,  // path, name, text
  TextsAttribute, // path, name, count, texts
  ArrayAttribute, // path, name, element format, rank, extents, bytes
  Refusal,        // reason, for the user; the last record
  Damage,         // what libhdf5 could not do; the last record
  End,            // the last record
};

/// Where a dataset's elements are.
enum class Hdf5Source : uint64_t {
  Image = 1, // … offset in the image: the parent takes them from there
  Inline,    // … bytes
};

/// The most that the walk may hand over, all in all.
struct Hdf5Limits {
  uint64_t objects = 100'000;
  uint64_t depth = 64;
  uint64_t attributeBytes = uint64_t(32) << 20;
  /// Datasets that are not contiguous in the image.
  uint64_t inlineBytes = uint64_t(32) << 20;
};

constexpr uint64_t hdf5MaxRank = 32; // H5S_MAX_RANK

/// Walks the image with libhdf5 and reports all objects. Runs in a contained child.
bool walkHdf5(std::span<const std::byte> image, const Hdf5Limits &limits,
              const ContainedSink &sink);

} // namespace lamina::frontend
