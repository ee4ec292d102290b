#include "support/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.h"

namespace lamina {
namespace {

[[noreturn]] void cannotWrite(const std::string &path, int error) {
  fail("cannot write {}: {}", printable(path, 4096), std::strerror(error));
}

/// The file that a chain of symbolic links ends at; `path` itself when there is none yet.
std::string resolveLinks(const std::string &path) {
  char *resolved = realpath(path.c_str(), nullptr);
  if (!resolved)
    return path;
  std::string result = resolved;
  std::free(resolved);
  return result;
}

/// A rename is durable only once the folder that holds the name is on disk. Best effort: some file
/// systems cannot sync a folder, and the file's content is safe either way.
void syncFolderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return;
  fsync(descriptor);
  close(descriptor);
}

} // namespace

AtomicFile::AtomicFile(const std::string &path) : path(path), target(resolveLinks(path)) {
  struct stat status = {};
  unsigned mode = 0666;
  if (stat(target.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      cannotWrite(path, EISDIR);
    if (access(target.c_str(), W_OK) != 0)
      cannotWrite(path, errno);
    if (!S_ISREG(status.st_mode)) {
      descriptor = open(target.c_str(), O_WRONLY | O_CLOEXEC);
      if (descriptor < 0)
        cannotWrite(path, errno);
      return;
    }
    mode = status.st_mode & 07777;
  }
  openTemporary(mode);
  // The creation mode went through the umask; an existing target's permissions are kept exactly.
  if (status.st_mode != 0)
    fchmod(descriptor, mode);
}

void AtomicFile::openTemporary(unsigned mode) {
  static std::atomic<unsigned> counter{0};
  // A name that is taken belongs to another writer or to a run that was killed: try the next.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    std::string name = fmt::format("{}.{}-{}.tmp", target, getpid(), counter++);
    descriptor = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor >= 0) {
      temporary = std::move(name);
      return;
    }
    if (errno != EEXIST)
      break;
  }
  cannotWrite(path, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      cannotWrite(path, errno);
    bytes = bytes.subspan(static_cast<size_t>(count));
    written += static_cast<uint64_t>(count);
  }
}

void AtomicFile::commit() {
  bool replaces = !temporary.empty();
  if (replaces && fsync(descriptor) != 0)
    cannotWrite(path, errno);
  int closed = close(descriptor);
  descriptor = -1;
  if (closed != 0)
    cannotWrite(path, errno);
  if (!replaces)
    return;
  if (rename(temporary.c_str(), target.c_str()) != 0)
    cannotWrite(path, errno);
  temporary.clear();
  syncFolderOf(target);
}

void writeFileAtomically(const std::string &path, std::string_view content) {
  writeFileAtomically(path, std::as_bytes(std::span(content)));
}

void writeFileAtomically(const std::string &path, std::span<const std::byte> content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

} // namespace lamina
