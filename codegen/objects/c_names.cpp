#include "codegen/objects/c_names.h"

#include <algorithm>

#include <fmt/format.h>

namespace lamina::codegen {
namespace {

// Not the functions of <cctype>: those follow the locale.
bool isLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool isUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
char lowered(char c) {
  return isUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
char raised(char c) {
  return isLower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}

/// C11 and C++20, and words that compilers predefine as macros in their default modes.
const std::set<std::string> kReservedWords = {
    "alignas",   "alignof",   "and",           "and_eq",       "asm",
    "auto",      "bitand",    "bitor",         "bool",         "break",
    "case",      "catch",     "char",          "char8_t",      "char16_t",
    "char32_t",  "class",     "co_await",      "co_return",    "co_yield",
    "compl",     "concept",   "const",         "const_cast",   "consteval",
    "constexpr", "constinit", "continue",      "decltype",     "default",
    "delete",    "do",        "double",        "dynamic_cast", "else",
    "enum",      "explicit",  "export",        "extern",       "false",
    "float",     "for",       "friend",        "goto",         "i386",
    "if",        "inline",    "int",           "linux",        "long",
    "mutable",   "namespace", "new",           "noexcept",     "not",
    "not_eq",    "nullptr",   "operator",      "or",           "or_eq",
    "private",   "protected", "public",        "register",     "reinterpret_cast",
    "requires",  "restrict",  "return",        "short",        "signed",
    "sizeof",    "static",    "static_assert", "static_cast",  "struct",
    "switch",    "template",  "this",          "thread_local", "throw",
    "true",      "try",       "typedef",       "typeid",       "typename",
    "typeof",    "union",     "unix",          "unsigned",     "using",
    "virtual",   "void",      "volatile",      "wchar_t",      "while",
    "xor",       "xor_eq"};

} // namespace

std::string cIdentifier(std::string_view name, std::string_view prefix) {
  std::string result(name);
  for (char &c : result)
    if (!isLower(c) && !isUpper(c) && !isDigit(c))
      c = '_';
  std::string start = result.substr(0, 6);
  std::transform(start.begin(), start.end(), start.begin(), lowered);
  bool startsWithLetter = !result.empty() && (isLower(result[0]) || isUpper(result[0]));
  if (startsWithLetter && start != "lamina")
    return result;
  bool separated = result.starts_with('_') || result.empty();
  return fmt::format("{}{}{}", prefix, separated ? "" : "_", result);
}

std::string upperCase(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), raised);
  return result;
}

CScope CScope::parameters(std::set<std::string> used) {
  CScope scope;
  scope.taken = std::move(used);
  scope.taken.insert(kReservedWords.begin(), kReservedWords.end());
  return scope;
}

std::string CScope::add(const std::string &identifier) {
  std::string candidate = identifier;
  for (unsigned number = 2; !taken.insert(candidate).second; ++number)
    candidate = fmt::format("{}_{}", identifier, number);
  return candidate;
}

std::string cString(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    // Question marks could make trigraphs. Three octal digits end the escape whatever follows.
    bool plain = c >= ' ' && c < 127 && c != '"' && c != '\\' && c != '?';
    result += plain ? std::string(1, c)
                    : fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return result + '"';
}

std::string quotedForComment(std::string_view text) {
  std::string result = cString(text);
  for (const char *border : {"*/", "/*"})
    for (size_t at; (at = result.find(border)) != std::string::npos;)
      result.insert(at + 1, " ");
  return result;
}

} // namespace lamina::codegen
