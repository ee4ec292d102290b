#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "frontend/files/arrays/array.h"

namespace lamina::trainer {

/// Writes `value` at `destination` as `type`; false when the type cannot hold it (a fraction, a
/// NaN or a number out of range for an integer type).
bool storeValue(ElementType type, std::byte *destination, double value);

/// Reads one element of an array as double.
double loadValue(const frontend::Array &array, size_t index);

/// `array` with elements of another type. Values that an integer type cannot hold are refused:
/// `refuse(index, value)` must throw.
frontend::Array castArray(frontend::Array array, ElementType type,
                          const std::function<void(size_t index, double value)> &refuse);

/// An array of this shape, all of whose elements are `value`.
frontend::Array filledArray(ElementType type, std::vector<int64_t> shape, double value);

} // namespace lamina::trainer
