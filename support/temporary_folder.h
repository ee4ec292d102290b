#pragma once

#include <filesystem>
#include <string>

namespace lamina {

/// A folder that goes with this object, files in it included.
class TemporaryFolder {
public:
  /// Throws UserError where none can be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::filesystem::path &path() const { return path_; }
  std::string operator/(const std::string &name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

} // namespace lamina
