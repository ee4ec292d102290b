#include <cerrno>
#include <cstring>

#include <glob.h>
#include <unistd.h>

#include "support/error.h"
#include "trainer/data/formats/formats.h"

namespace lamina::trainer {

std::vector<std::byte> readStandardInput() {
  std::vector<std::byte> bytes;
  std::vector<std::byte> chunk(size_t(1) << 20);
  for (;;) {
    ssize_t count = read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail("standard input: cannot be read: {}", std::strerror(errno));
    if (count == 0)
      return bytes;
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + count);
    if (bytes.size() > kMostUnpackedBytes)
      fail("standard input: more than {} bytes", kMostUnpackedBytes);
  }
}

std::vector<std::string> expandPattern(const std::string &path) {
  bool isPattern = path.find_first_of("*?[") != std::string::npos;
  if (!isPattern || access(path.c_str(), F_OK) == 0)
    return {path};
  glob_t found = {};
  int status = glob(path.c_str(), 0, nullptr, &found);
  std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  if (status == GLOB_NOMATCH)
    fail("{}: no file has a name like this", path);
  if (status != 0)
    fail("{}: the folder cannot be searched", path);
  return paths;
}

} // namespace lamina::trainer
