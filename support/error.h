#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace lamina {

/// The input or the request is at fault. The message is one line for people: what is wrong, where
/// (file, layer, line), why, and what to do. Tools print it after "error: " and exit with status 1.
class UserError : public std::runtime_error {
public:
  explicit UserError(const std::string &message) : std::runtime_error(message) {}
};

/// Throws UserError with a formatted message.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args &&...args) {
  throw UserError(fmt::format(format, std::forward<Args>(args)...));
}

/// Makes a string of foreign origin fit for a message: control characters and line breaks become
/// escapes, anything longer than `limit` bytes is cut and marked with "...".
std::string printable(std::string_view text, size_t limit = 80);

} // namespace lamina
