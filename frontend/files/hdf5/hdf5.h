#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "frontend/files/arrays/array.h"

namespace lamina::frontend {

using AttributeValue = std::variant<std::string, std::vector<std::string>, Array>;

/// The content of an HDF5 file. Paths have no leading slash ("layers/dense/vars/0"); the root is
/// "".
struct Hdf5Content {
  std::map<std::string, Array> datasets;
  /// Every group but the root, empty ones too.
  std::set<std::string> groups;
  /// Attributes by the path of their object, then by name.
  std::map<std::string, std::map<std::string, AttributeValue>> attributes;
};

/// Whether the bytes start as an HDF5 file does.
bool looksLikeHdf5(std::span<const std::byte> bytes);

/// Reads an HDF5 file from memory. libhdf5 runs in a child process (see contained_process.h), for
/// it crashes on some malformed files; what comes back is checked again here.
///
/// Read: groups, hard links, numeric datasets as element_format.h says plus h5py's bool, compact,
/// contiguous or chunked with gzip, LZF, scale-offset, shuffle, fletcher32; attributes with
/// strings, arrays of strings or numbers. Refused with a reason: soft, external and user-defined
/// links, objects with two paths (hence cycles), external storage, virtual datasets, other filters,
/// bfloat16, compound and other types, datasets that share bytes or reach past the end, and
/// decompression beyond 16 times the file or 32 MiB, whichever is more.
///
/// Throws UserError `FILE: reason` for these and `FILE: is damaged: reason` for the rest.
Hdf5Content readHdf5(std::string_view file, std::span<const std::byte> image);

/// The same for an image that nobody needs afterwards, in memory of the caller's own: it is given
/// back piece by piece while values are copied out of it, so that both together take little more
/// than one of them. What the image holds then is undefined.
Hdf5Content takeHdf5(std::string_view file, std::span<std::byte> image);

/// An HDF5 file as h5py writes it: contiguous little-endian datasets, bool as an enumeration,
/// strings of variable length in UTF-8, no time stamps. Groups on the way to a dataset need not be
/// in `groups`. Throws std::runtime_error when libhdf5 fails (out of memory, a path used twice).
std::vector<std::byte> writeHdf5(const Hdf5Content &content);

} // namespace lamina::frontend
