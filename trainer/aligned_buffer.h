#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace lamina::trainer {

/// Bytes that start at a page, as the state and workspace of compiled functions must. Zeroed.
class AlignedBuffer {
public:
  static constexpr size_t kAlignment = 4096;

  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes);

  std::byte *data() { return data_.get(); }
  const std::byte *data() const { return data_.get(); }
  size_t size() const { return size_; }

private:
  struct Free {
    void operator()(std::byte *bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> data_;
  size_t size_ = 0;
};

} // namespace lamina::trainer
