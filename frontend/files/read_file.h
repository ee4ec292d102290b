#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace lamina::frontend {

/// The whole content of a regular file. Throws UserError `FILE: reason` when there is no such file,
/// it is a folder, a device or a pipe, or reading fails.
std::vector<std::byte> readFile(const std::string &path);

} // namespace lamina::frontend
