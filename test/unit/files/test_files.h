#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "frontend/files/arrays/array.h"
#include "support/error.h"

namespace lamina::frontend {

/// A folder of its own for one test, removed with everything in it.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lamina-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(folder); }

  std::string path() const { return folder.string(); }
  std::string path(std::string_view name) const { return (folder / name).string(); }
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }
  std::string read(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t fileCount() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }

private:
  std::filesystem::path folder;
};

inline std::vector<std::byte> toBytes(std::string_view text) {
  auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::string toText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

template <typename T>
Array arrayOf(ElementType type, std::vector<int64_t> shape, std::initializer_list<T> values) {
  Array array = makeArray(type, std::move(shape));
  EXPECT_EQ(array.values<T>().size(), values.size());
  std::copy(values.begin(), values.end(), array.values<T>().begin());
  return array;
}

/// The message of the UserError that `action` throws; "" when it throws none.
template <typename Action> std::string errorOf(Action action) {
  try {
    action();
  } catch (const UserError &error) {
    return error.what();
  }
  return "";
}

} // namespace lamina::frontend
