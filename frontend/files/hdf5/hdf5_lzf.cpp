#include "frontend/files/hdf5/hdf5_lzf.h"

#include <algorithm>
#include <cstring>

namespace lamina::frontend {
namespace {

/// No chunk of HDF5 is larger.
constexpr size_t kMostChunkBytes = size_t(1) << 32;

size_t filterLzf(unsigned flags, size_t, const unsigned *, size_t used, size_t *capacity,
                 void **buffer) {
  if (!(flags & H5Z_FLAG_REVERSE)) // packing
    return 0;
  auto unpacked = unpackLzf({static_cast<const std::byte *>(*buffer), used}, kMostChunkBytes);
  if (!unpacked || unpacked->empty())
    return 0;
  void *replacement = H5allocate_memory(unpacked->size(), false);
  if (!replacement)
    return 0;
  std::memcpy(replacement, unpacked->data(), unpacked->size());
  H5free_memory(*buffer);
  *buffer = replacement;
  *capacity = unpacked->size();
  return unpacked->size();
}

} // namespace

std::optional<std::vector<std::byte>> unpackLzf(std::span<const std::byte> packed, size_t limit) {
  std::vector<std::byte> result;
  size_t at = 0;
  auto next = [&] { return std::to_integer<size_t>(packed[at++]); };
  while (at < packed.size()) {
    size_t control = next();
    if (control < 32) {
      size_t count = control + 1;
      if (packed.size() - at < count || limit - result.size() < count)
        return std::nullopt;
      result.insert(result.end(), packed.begin() + static_cast<ptrdiff_t>(at),
                    packed.begin() + static_cast<ptrdiff_t>(at + count));
      at += count;
      continue;
    }
    size_t length = control >> 5, more = length == 7 ? 2 : 1;
    if (packed.size() - at < more)
      return std::nullopt;
    length += (length == 7 ? next() : 0) + 2;
    size_t distance = ((control & 31) << 8) + next() + 1;
    if (distance > result.size() || limit - result.size() < length)
      return std::nullopt;
    // Byte by byte: a repetition may reach into what it adds.
    for (size_t i = 0; i < length; ++i)
      result.push_back(result[result.size() - distance]);
  }
  return result;
}

void registerLzf() {
  H5Z_class2_t filter = {H5Z_CLASS_T_VERS, kLzfFilter, 0, 1, "lzf", nullptr, nullptr, filterLzf};
  H5Zregister(&filter);
}

} // namespace lamina::frontend
