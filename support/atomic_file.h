#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lamina {

/// Writes a file so that a reader never sees half of it: the bytes go to a temporary file beside
/// the target, which replaces the target at `commit`. Without `commit` (an exception on the way)
/// the temporary file is removed and the target stays as it was. What a writer that was killed has
/// left of the same target is removed too.
///
/// A symbolic link is followed, the permissions of an existing target are kept. A target that is a
/// device or a pipe cannot be replaced and is written directly.
///
/// All members throw UserError `cannot write PATH: reason`.
class AtomicFile {
public:
  explicit AtomicFile(const std::string &path);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Bytes written so far.
  uint64_t size() const { return written; }
  /// Makes the content durable and visible under the target's name.
  void commit();

  /// Removes the temporary files of all that are not committed, for a process that ends at once:
  /// takes no lock and no memory.
  static void removeUnfinished();

private:
  void openTemporary(unsigned mode);
  void remember();
  void forget();

  std::string path;      // as the user said it, for messages
  std::string target;    // with symbolic links resolved
  std::string temporary; // empty when the target is written directly
  int descriptor = -1;
  uint64_t written = 0;
};

/// Writes a whole file through AtomicFile.
void writeFileAtomically(const std::string &path, std::string_view content);
void writeFileAtomically(const std::string &path, std::span<const std::byte> content);

} // namespace lamina
