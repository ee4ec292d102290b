#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lamina::statistics {

/// A row-major matrix.
struct Matrix {
  size_t rows = 0, columns = 0;
  std::vector<double> values;

  Matrix() = default;
  Matrix(size_t rows, size_t columns, double value = 0)
      : rows(rows), columns(columns), values(rows * columns, value) {}

  double &operator()(size_t row, size_t column) { return values[row * columns + column]; }
  double operator()(size_t row, size_t column) const { return values[row * columns + column]; }
};

/// The columns of observations that are analysed: values are row-major, and one that is not finite
/// is missing. Does not own the values.
struct Observations {
  size_t rows = 0, columns = 0;
  std::span<const double> values;

  double operator()(size_t row, size_t column) const { return values[row * columns + column]; }
};

} // namespace lamina::statistics
