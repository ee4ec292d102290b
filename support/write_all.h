#pragma once

#include <cerrno>
#include <cstddef>
#include <span>

#include <unistd.h>

namespace lamina {

struct WriteResult {
  size_t written = 0;
  int error = 0; ///< errno of the write that failed; 0 when all bytes are written
};

/// Writes the bytes to a descriptor, in as many calls as that takes.
inline WriteResult writeAll(int descriptor, std::span<const std::byte> bytes) {
  WriteResult result;
  while (result.written < bytes.size()) {
    ssize_t count = write(descriptor, bytes.data() + result.written, bytes.size() - result.written);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0) {
      result.error = errno;
      return result;
    }
    result.written += static_cast<size_t>(count);
  }
  return result;
}

} // namespace lamina
