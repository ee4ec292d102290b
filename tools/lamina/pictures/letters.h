#pragma once

#include <cstddef>

namespace lamina::tools {

inline constexpr size_t kLetterWidth = 5, kLetterHeight = 7;

/// Whether a point of a letter is black, by column from the left and row from the top. What is no
/// printable ASCII is a box.
bool isInked(char letter, size_t column, size_t row);

} // namespace lamina::tools
