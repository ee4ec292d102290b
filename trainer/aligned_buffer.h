#pragma once

#include <cstddef>
#include <utility>

namespace lamina::trainer {

/// Bytes that start at a page, as the state and workspace of compiled functions must. Zeroed; pages
/// that nobody has touched take no memory.
class AlignedBuffer {
public:
  static constexpr size_t kAlignment = 4096;

  AlignedBuffer() = default;
  /// Throws std::bad_alloc.
  explicit AlignedBuffer(size_t bytes);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer &&other) noexcept { swap(other); }
  AlignedBuffer &operator=(AlignedBuffer &&other) noexcept {
    swap(other);
    return *this;
  }

  std::byte *data() { return data_; }
  const std::byte *data() const { return data_; }
  size_t size() const { return size_; }
  /// Makes all bytes zero again.
  void clear();

private:
  void swap(AlignedBuffer &other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
    std::swap(mapping_, other.mapping_);
  }

  std::byte *data_ = nullptr;
  size_t size_ = 0;
  void *mapping_ = nullptr; ///< what the operating system gave
  size_t mapped_ = 0;       ///< its bytes
};

} // namespace lamina::trainer
