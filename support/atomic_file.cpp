#include "support/atomic_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/error.h"
#include "support/write_all.h"

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

/// The folder that holds `path`, and the name in it.
std::pair<std::string, std::string> splitPath(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return {"./", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

/// A rename is durable only once the folder that holds the name is on disk. Best effort: some file
/// systems cannot sync a folder, and the file's content is safe either way.
void syncFolderOf(const std::string &path) {
  int descriptor = open(splitPath(path).first.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return;
  fsync(descriptor);
  close(descriptor);
}

/// Whether `name` is that of a temporary file for the target `base`: BASE.NUMBER-NUMBER.tmp.
bool isTemporaryOf(std::string_view name, std::string_view base) {
  constexpr std::string_view suffix = ".tmp";
  if (!name.starts_with(base) || !name.ends_with(suffix) ||
      name.size() <= base.size() + suffix.size())
    return false;
  std::string_view middle = name.substr(base.size(), name.size() - base.size() - suffix.size());
  return middle.starts_with('.') && std::count(middle.begin(), middle.end(), '-') == 1 &&
         middle.find_first_not_of("0123456789-", 1) == std::string_view::npos;
}

/// Removes a temporary file unless its writer lives: that one holds a lock on it.
void removeIfAbandoned(const std::string &path) {
  int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0)
    return;
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    unlink(path.c_str());
  close(descriptor);
}

/// Removes temporary files of the target that killed runs have left.
void removeAbandoned(const std::string &target) {
  auto [folder, base] = splitPath(target);
  DIR *entries = opendir(folder.c_str());
  if (!entries)
    return;
  while (const dirent *entry = readdir(entries))
    if (isTemporaryOf(entry->d_name, base))
      removeIfAbandoned(folder + entry->d_name);
  closedir(entries);
}

/// Takes the lock that tells others the writer lives; false when somebody has removed the file in
/// between. A file system without locks is none the worse: nobody can take one there.
bool lockTemporary(int descriptor) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return errno != EWOULDBLOCK;
  struct stat status = {};
  return fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

/// Temporary files of this process; null where there is none. More than these at a time are left to
/// the next writer.
std::array<std::atomic<const char *>, 32> unfinished = {};

} // namespace

void AtomicFile::removeUnfinished() {
  for (const std::atomic<const char *> &name : unfinished)
    if (const char *path = name.load())
      unlink(path);
}

void AtomicFile::remember() {
  for (std::atomic<const char *> &name : unfinished)
    if (const char *none = nullptr; name.compare_exchange_strong(none, temporary.c_str()))
      return;
}

void AtomicFile::forget() {
  for (std::atomic<const char *> &name : unfinished)
    if (const char *own = temporary.c_str(); name.compare_exchange_strong(own, nullptr))
      return;
}

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
  removeAbandoned(target);
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
    if (descriptor < 0 && errno != EEXIST)
      break;
    if (descriptor >= 0 && lockTemporary(descriptor)) {
      temporary = std::move(name);
      remember();
      return;
    }
    if (descriptor >= 0)
      close(std::exchange(descriptor, -1));
  }
  cannotWrite(path, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (temporary.empty())
    return;
  unlink(temporary.c_str());
  forget();
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  WriteResult result = writeAll(descriptor, bytes);
  if (result.error != 0)
    cannotWrite(path, result.error);
  written += result.written;
}

void AtomicFile::commit() {
  bool replaces = !temporary.empty();
  if (replaces && fsync(descriptor) != 0)
    cannotWrite(path, errno);
  // The lock ends with the descriptor: until then nobody takes the file for an abandoned one.
  if (replaces && rename(temporary.c_str(), target.c_str()) != 0)
    cannotWrite(path, errno);
  forget();
  temporary.clear();
  if (close(std::exchange(descriptor, -1)) != 0 && !replaces)
    cannotWrite(path, errno);
  if (replaces)
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
