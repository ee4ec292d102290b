#pragma once

#include <string>
#include <string_view>

namespace lamina::frontend::builder {

/// The subject of a message: the file and the part of it, such as "layer 'dense'".
struct Place {
  std::string file;
  std::string part;

  /// Throws UserError `FILE: PART: reason`.
  [[noreturn]] void fail(std::string_view reason) const;
  /// The same as an UnsupportedError: the part is well-formed, but not supported.
  [[noreturn]] void refuse(std::string_view reason) const;
};

} // namespace lamina::frontend::builder
