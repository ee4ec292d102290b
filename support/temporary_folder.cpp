#include "support/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "support/error.h"

namespace lamina {

TemporaryFolder::TemporaryFolder() {
  std::error_code unknown;
  std::filesystem::path parent = std::filesystem::temp_directory_path(unknown);
  std::string name = (parent / "lamina-XXXXXX").string();
  if (!mkdtemp(name.data()))
    fail("{}: no temporary folder can be made there: {}", parent.string(), std::strerror(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

} // namespace lamina
