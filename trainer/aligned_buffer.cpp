#include "trainer/aligned_buffer.h"

#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace lamina::trainer {

/// Bytes of a large page: with them, lines of matrices that are far apart need few entries of the
/// processor's page tables.
static constexpr size_t kLargePage = size_t(2) << 20;

AlignedBuffer::AlignedBuffer(size_t bytes) : size_(bytes) {
  size_t alignment = bytes >= kLargePage ? kLargePage : kAlignment;
  // An empty buffer still has an address: compiled functions refuse null pointers.
  size_t rounded = bytes ? (bytes + alignment - 1) / alignment * alignment : alignment;
  mapped_ = rounded + (alignment - kAlignment);
  mapping_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED)
    throw std::bad_alloc();
  auto address = (reinterpret_cast<uintptr_t>(mapping_) + alignment - 1) / alignment * alignment;
  data_ = reinterpret_cast<std::byte *>(address);
  if (alignment == kLargePage)
    madvise(data_, rounded, MADV_HUGEPAGE); // advice alone: small pages do as well
}

AlignedBuffer::~AlignedBuffer() {
  if (mapping_)
    munmap(mapping_, mapped_);
}

void AlignedBuffer::clear() {
  if (mapping_)
    madvise(mapping_, mapped_, MADV_DONTNEED);
}

} // namespace lamina::trainer
