#pragma once

#include <set>
#include <string>
#include <string_view>

/// From names that people gave (files, layers, variables) to names and texts of C.
namespace lamina::codegen {

/// A C identifier: characters that none may have become '_'; a name that is empty, begins with
/// anything but a letter, or begins with "lamina" (whose names are the runtime's) gets `prefix` and
/// '_' in front.
std::string cIdentifier(std::string_view name, std::string_view prefix);

/// In capitals, as constants are.
std::string upperCase(std::string_view text);

/// Identifiers of one scope.
class CScope {
public:
  /// A scope for parameters: keywords of C and C++ and `used` are taken.
  static CScope parameters(std::set<std::string> used);

  /// The identifier itself, or with "_2", "_3", ... behind it when it is taken; taken from now on.
  std::string add(const std::string &identifier);

private:
  std::set<std::string> taken;
};

/// A string literal of printable ASCII.
std::string cString(std::string_view text);

/// The text in double quotes, fit for the inside of a comment.
std::string quotedForComment(std::string_view text);

} // namespace lamina::codegen
