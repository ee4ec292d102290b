#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lamina {

/// A file that grows while a program runs, such as a log. It never ends in half a record: where one
/// cannot be written whole, the file is cut back to the records before, and the record comes with
/// the next one that can be.
///
/// All members throw UserError `cannot write PATH: reason`.
class AppendFile {
public:
  enum class Content { Replaced, Kept };

  /// Makes the file, or opens it.
  AppendFile(std::string path, Content content);
  ~AppendFile();
  AppendFile(const AppendFile &) = delete;
  AppendFile &operator=(const AppendFile &) = delete;

  void append(std::string_view record);

private:
  std::string path;
  int descriptor;
  bool canBeCut;       // a pipe or a device cannot
  uint64_t whole = 0;  // bytes of the records that are in the file
  std::string pending; // records that are not
};

} // namespace lamina
