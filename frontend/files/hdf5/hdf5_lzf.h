#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <hdf5.h>

/// LZF, the compression that h5py brings along (compression="lzf").
namespace lamina::frontend {

/// Its number among HDF5's filters.
constexpr H5Z_filter_t kLzfFilter = 32000;

/// Unpacks LZF data; nothing where they are damaged, or unpack to more than `limit` bytes. Format
/// (Marc Lehmann's liblzf): a byte below 32 is one less than the number of literal bytes behind it;
/// another one has in its upper three bits the length less 2 of a repetition (7: the next byte is
/// added), in its lower five bits and the next byte the distance less 1.
std::optional<std::vector<std::byte>> unpackLzf(std::span<const std::byte> packed, size_t limit);

/// Makes libhdf5 read datasets with this filter.
void registerLzf();

} // namespace lamina::frontend
