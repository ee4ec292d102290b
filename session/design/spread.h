#pragma once

#include "frontend/files/arrays/array.h"
#include "session/design/problem.h"

namespace lamina::session {

/// Mean and deviation of every `width`-th element, for the first `width` of them.
std::vector<Spread> spreadsOf(const frontend::Array &array, int64_t width);

/// The largest absolute value.
double largestOf(const frontend::Array &array);

} // namespace lamina::session
