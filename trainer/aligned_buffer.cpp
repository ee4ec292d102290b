#include "trainer/aligned_buffer.h"

#include <cstring>
#include <new>

#include <sys/mman.h>

namespace lamina::trainer {

/// Bytes of a large page: with them, lines of matrices that are far apart need few entries of the
/// processor's page tables.
static constexpr size_t kLargePage = size_t(2) << 20;

AlignedBuffer::AlignedBuffer(size_t bytes) : size_(bytes) {
  size_t alignment = bytes >= kLargePage ? kLargePage : kAlignment;
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  // An empty buffer still has an address: compiled functions refuse null pointers.
  rounded = rounded ? rounded : alignment;
  data_.reset(static_cast<std::byte *>(std::aligned_alloc(alignment, rounded)));
  if (!data_)
    throw std::bad_alloc();
  if (alignment == kLargePage)
    madvise(data_.get(), rounded, MADV_HUGEPAGE); // a wish: small pages do as well
  std::memset(data_.get(), 0, rounded);
}

} // namespace lamina::trainer
