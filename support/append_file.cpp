#include "support/append_file.h"

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.h"
#include "support/write_all.h"

namespace lamina {
namespace {

[[noreturn]] void cannotWrite(const std::string &path, int error) {
  fail("cannot write {}: {}", printable(path, 4096), std::strerror(error));
}

} // namespace

AppendFile::AppendFile(std::string name, Content content) : path(std::move(name)) {
  int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (content == Content::Kept ? O_APPEND : O_TRUNC);
  descriptor = open(path.c_str(), flags, 0666);
  if (descriptor < 0)
    cannotWrite(path, errno);
  struct stat status = {};
  canBeCut = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  whole = canBeCut ? static_cast<uint64_t>(status.st_size) : 0;
}

AppendFile::~AppendFile() {
  close(descriptor);
}

void AppendFile::append(std::string_view record) {
  pending += record;
  WriteResult result = writeAll(descriptor, std::as_bytes(std::span(pending)));
  if (result.error == 0) {
    whole += pending.size();
    pending.clear();
    return;
  }
  if (!canBeCut)
    pending.erase(0, result.written);
  else if (ftruncate(descriptor, static_cast<off_t>(whole)) == 0)
    lseek(descriptor, static_cast<off_t>(whole), SEEK_SET);
  cannotWrite(path, result.error);
}

} // namespace lamina
