#include "frontend/files/read_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.h"

namespace lamina::frontend {
namespace {

struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0)
      close(value);
  }
};

[[noreturn]] void cannotRead(const std::string &path, int error) {
  fail("{}: cannot be read: {}; check the path", printable(path, 4096), std::strerror(error));
}

} // namespace

std::vector<std::byte> readFile(const std::string &path) {
  // Without O_NONBLOCK a pipe that nobody writes to would make the open wait for ever.
  Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (file.value < 0 || fstat(file.value, &status) != 0)
    cannotRead(path, errno);
  if (S_ISDIR(status.st_mode))
    fail("{}: is a folder; give a file", printable(path, 4096));
  if (!S_ISREG(status.st_mode))
    fail("{}: is not a regular file; copy its content to one first", printable(path, 4096));

  std::vector<std::byte> content(static_cast<size_t>(status.st_size));
  size_t filled = 0;
  while (filled < content.size()) {
    ssize_t count = read(file.value, content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      cannotRead(path, errno);
    if (count == 0)
      break; // somebody shortened it meanwhile: what is there is judged as it is
    filled += static_cast<size_t>(count);
  }
  content.resize(filled);
  return content;
}

} // namespace lamina::frontend
