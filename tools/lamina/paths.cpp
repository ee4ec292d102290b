#include "tools/lamina/paths.h"

#include <filesystem>

#include <sys/stat.h>

#include "support/atomic_file.h"
#include "support/error.h"

namespace lamina::tools {

namespace {

/// The path without links and detours; as it is where that cannot be found.
std::filesystem::path canonical(const std::string &path) {
  std::error_code error;
  std::filesystem::path result = std::filesystem::weakly_canonical(path, error);
  return error ? std::filesystem::path(path) : result;
}

/// Devices and pipes hold nothing that could be overwritten.
bool isSameFile(const std::string &a, const std::string &b) {
  struct stat first = {}, second = {};
  bool haveBoth = stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0;
  if (!haveBoth)
    return canonical(a) == canonical(b);
  return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

void requireOther(const NamedPath &output, const NamedPath &other, const char *is) {
  if (output.path.empty() || other.path.empty() || !isSameFile(output.path, other.path))
    return;
  fail("cannot write {}: the file of {} {} that of {}; choose another name",
       printable(output.path, 4096), output.option, is, other.option);
}

} // namespace

void requireDistinct(const std::vector<NamedPath> &inputs, const std::vector<NamedPath> &outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (const NamedPath &input : inputs)
      requireOther(outputs[i], input, "would overwrite");
    for (size_t j = 0; j < i; ++j)
      requireOther(outputs[i], outputs[j], "is also");
  }
}

void requireWritable(const std::string &path) {
  // Never committed: the temporary file goes away again.
  AtomicFile probe(path);
}

} // namespace lamina::tools
