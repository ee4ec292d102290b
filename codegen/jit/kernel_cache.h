#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

namespace lamina::codegen {

/// Machine code that this machine has compiled before, in a folder: a file for each kernel and for
/// each function around kernels, named by a hash of all that the code depends on, this build of
/// Lamina included. What cannot be read, or is not whole, counts as missing; what cannot be written
/// is left out. Processes may share a folder.
class KernelCache {
public:
  /// Code and what its callers must know.
  struct Entry {
    std::unique_ptr<llvm::MemoryBuffer> object;
    int64_t scratchBytes = 0;
  };
  struct Statistics {
    std::string folder;
    uint64_t files = 0, bytes = 0, limit = 0;
  };

  /// The user's cache: in $LAMINA_CACHE, else in lamina/ of $XDG_CACHE_HOME or of ~/.cache. With
  /// LAMINA_CACHE=off, without any of these, and where the folder is not this user's alone, nothing
  /// is kept.
  KernelCache();
  /// A cache in a folder, or with an empty name none. Files that were not used for the longest time
  /// are removed when all together take more than `limit` bytes.
  KernelCache(std::string folder, uint64_t limit);

  bool isOn() const { return !folder_.empty(); }
  /// Why it is off, as words for people.
  const std::string &reason() const { return reason_; }

  /// The code that `key` stands for; nothing where the cache does not have it.
  std::optional<Entry> find(llvm::StringRef key) const;
  void store(llvm::StringRef key, const llvm::MemoryBuffer &object, int64_t scratchBytes);
  /// Removes the oldest files where there are too many. For the end of a compilation.
  void trim();

  Statistics statistics() const;
  /// Removes all files of the cache and returns what they took. Throws UserError `cannot write
  /// FOLDER: reason`.
  Statistics clear();

private:
  std::string pathOf(llvm::StringRef key) const;

  void turnOff(std::string reason);

  std::string folder_, reason_; ///< without a folder it is off
  uint64_t limit_ = 0;
  uint64_t written_ = 0; ///< bytes since the last look at the whole
  bool hasFolder_ = false, hasLooked_ = false;
};

} // namespace lamina::codegen
