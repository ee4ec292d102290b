#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lamina::frontend {

/// Position of the first byte that does not belong to well-formed UTF-8 (Unicode 15, table 3-7: no
/// overlong forms, no surrogates, nothing above U+10FFFF); npos when all of `text` is well-formed.
size_t findInvalidUtf8(std::string_view text);

/// Appends the code point's UTF-8 form. `codePoint` is a Unicode scalar value.
void appendUtf8(std::string &text, char32_t codePoint);

} // namespace lamina::frontend
