#include "trainer/aligned_buffer.h"

#include <cstring>
#include <new>

namespace lamina::trainer {

AlignedBuffer::AlignedBuffer(size_t bytes) : size_(bytes) {
  size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  // An empty buffer still has an address: compiled functions refuse null pointers.
  rounded = rounded ? rounded : kAlignment;
  data_.reset(static_cast<std::byte *>(std::aligned_alloc(kAlignment, rounded)));
  if (!data_)
    throw std::bad_alloc();
  std::memset(data_.get(), 0, rounded);
}

} // namespace lamina::trainer
