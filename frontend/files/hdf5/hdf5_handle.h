#pragma once

#include <mutex>

#include <hdf5.h>

namespace lamina::frontend {

/// Owns an identifier of libhdf5.
class Hdf5Handle {
public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle(hid_t id, Close close) : id(id), close(close) {}
  ~Hdf5Handle() {
    if (id >= 0)
      close(id);
  }
  Hdf5Handle(const Hdf5Handle &) = delete;
  Hdf5Handle &operator=(const Hdf5Handle &) = delete;

  explicit operator bool() const { return id >= 0; }
  hid_t get() const { return id; }

private:
  hid_t id;
  Close close;
};

/// Debian's libhdf5 is not thread-safe, and a child forked while another thread is inside it would
/// inherit a half-changed library: writing and forking exclude each other.
std::mutex &hdf5Mutex();

} // namespace lamina::frontend
