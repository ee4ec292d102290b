#pragma once

#include "test/random_graph/comparison.h"

namespace lamina::test {

/// Compiles @main of a module for a target and runs it twice, on one thread and with its tasks in
/// reverse, which must give the same bits and write nothing behind the results. With `optimize` off
/// every operation is a kernel of its own. Convolutions stay what they are without `winograd`.
Runner compiledFor(const std::string &targetName, bool optimize, bool winograd = false);

/// Compiles @main optimized with the schedules that shapes suggest and with others that must give
/// the same bits (passes::equivalentSchedules), and returns the results of the former.
Runner compiledWithOtherSchedules(const std::string &targetName);

/// Compiles @main with all the memory that it takes and with ever less, down to what it needs with
/// values that are computed twice, and returns the results of the former: the bits must be the
/// same. `recomputed` counts the compilations with such values.
Runner compiledWithinLimits(const std::string &targetName, bool optimize, size_t &recomputed);

} // namespace lamina::test
