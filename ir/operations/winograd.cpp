#include "ir/operations/winograd.h"

namespace lamina::ir {
namespace {

using Polynomial = llvm::SmallVector<double>;

/// Where polynomials are evaluated, besides infinity. Pairs of opposite numbers share most of their
/// arithmetic. Of four, those near 1 keep powers and differences of the same size and so rounding
/// errors small; they are dyadic, which leaves B^T and A^T exact. With 1 and 2 instead, errors are
/// twice as large (B. Barabasz et al., Error Analysis and Improving the Accuracy of Winograd
/// Convolution for Deep Neural Networks, 2020, on why).
llvm::SmallVector<double> pointsFor(int64_t tile) {
  return tile == 2 ? llvm::SmallVector<double>{0, 1, -1}
                   : llvm::SmallVector<double>{0, 0.6875, -0.6875, 1.5, -1.5};
}

Polynomial timesLinear(const Polynomial &factor, double root) {
  Polynomial product(factor.size() + 1, 0);
  for (size_t i = 0; i < factor.size(); ++i) {
    product[i + 1] += factor[i];
    product[i] -= root * factor[i];
  }
  return product;
}

/// The first `count` powers.
llvm::SmallVector<double> powers(double base, int64_t count) {
  llvm::SmallVector<double> result{1};
  while (static_cast<int64_t>(result.size()) < count)
    result.push_back(result.back() * base);
  return result;
}

/// 0, ..., 0, 1: the value at infinity of a polynomial is its last coefficient.
llvm::SmallVector<double> lastOf(int64_t count) {
  llvm::SmallVector<double> result(count, 0);
  result.back() = 1;
  return result;
}

} // namespace

/// The transposed Toom-Cook algorithm: its interpolation by Lagrange's polynomials becomes what is
/// applied to the input.
WinogradMatrices WinogradMatrices::of(int64_t tile) {
  llvm::SmallVector<double> points = pointsFor(tile);
  WinogradMatrices matrices;
  Polynomial all{1};
  Matrix evaluation;
  for (double point : points) {
    all = timesLinear(all, point);
    Polynomial others{1};
    double difference = 1;
    for (double other : points)
      if (other != point) {
        others = timesLinear(others, other);
        difference *= point - other;
      }
    others.push_back(0);
    matrices.input.push_back(others);
    evaluation.push_back(powers(point, tile));
    llvm::SmallVector<double> &taps = matrices.filter.emplace_back(powers(point, kWinogradTaps));
    for (double &tap : taps)
      tap /= difference;
  }
  matrices.input.push_back(all);
  matrices.filter.push_back(lastOf(kWinogradTaps));
  evaluation.push_back(lastOf(tile));
  matrices.output = transposed(evaluation);
  return matrices;
}

Matrix transposed(const Matrix &matrix) {
  Matrix result(matrix.front().size());
  for (const auto &row : matrix)
    for (size_t column = 0; column < row.size(); ++column)
      result[column].push_back(row[column]);
  return result;
}

} // namespace lamina::ir
