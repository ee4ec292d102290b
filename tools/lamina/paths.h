#pragma once

#include <string>
#include <vector>

namespace lamina::tools {

/// A file and the option that names it.
struct NamedPath {
  std::string option, path;
};

/// Throws UserError when writing one of the outputs would overwrite an input or another output.
/// Files are compared themselves, whatever they are called; empty paths are none.
void requireDistinct(const std::vector<NamedPath> &inputs, const std::vector<NamedPath> &outputs);

/// Throws UserError `cannot write PATH: reason` when a file could not be made there, without making
/// one. For finding that out before the work is done.
void requireWritable(const std::string &path);

} // namespace lamina::tools
