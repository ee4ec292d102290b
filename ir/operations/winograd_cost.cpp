// What the transforms of minimal filtering cost.
#include "ir/operations/winograd.h"
#include "llvm/Support/MathExtras.h"

namespace lamina::ir {
namespace {

/// Fused multiply-adds of a vector, and vectors loaded or stored, per cycle.
constexpr double kMultiplyAdds = 2, kAccesses = 1.5;

int64_t countNonzeros(const Matrix &matrix) {
  int64_t count = 0;
  for (const auto &row : matrix)
    for (double coefficient : row)
      count += coefficient != 0;
  return count;
}

/// Cycles of matrix * square * matrix^T for `count` vectors of squares.
double countCycles(const Matrix &matrix, int64_t count) {
  auto rows = static_cast<double>(matrix.size()), size = static_cast<double>(matrix.front().size());
  double arithmetic = static_cast<double>(countNonzeros(matrix)) * (size + rows);
  return static_cast<double>(count) *
         (arithmetic / kMultiplyAdds + (size * size + rows * rows) / kAccesses);
}

int64_t ceilDivide(int64_t value, int64_t part) {
  return static_cast<int64_t>(llvm::divideCeil(value, part));
}

} // namespace

int64_t WinogradShape::countSquares(int64_t side) const {
  return ceilDivide(height, side) * ceilDivide(width, side);
}

WinogradShape winogradShapeOf(mlir::RankedTensorType input, mlir::RankedTensorType output) {
  return {output.getDimSize(1), output.getDimSize(2), input.getDimSize(3), output.getDimSize(3)};
}

double countTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes) {
  WinogradMatrices matrices = WinogradMatrices::of(side);
  int64_t squares = shape.countSquares(side);
  int64_t inputs = ceilDivide(shape.channels, lanes) * ceilDivide(shape.filters, kWinogradFilters);
  return countCycles(matrices.input, squares * inputs) +
         countCycles(matrices.output, squares * ceilDivide(shape.filters, lanes));
}

double countGradientTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes) {
  WinogradMatrices matrices = WinogradMatrices::of(side);
  int64_t squares = shape.countSquares(side);
  int64_t inputs =
      ceilDivide(shape.channels, lanes) * ceilDivide(shape.filters, kWinogradGradientFilters);
  int64_t gradients =
      ceilDivide(shape.filters, lanes) * ceilDivide(shape.channels, kWinogradGradientChannels);
  return countCycles(matrices.input, squares * inputs) +
         countCycles(transposed(matrices.output), squares * gradients);
}

double countFilterTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes) {
  return countCycles(WinogradMatrices::of(side).filter,
                     shape.channels * ceilDivide(shape.filters, lanes));
}

double countSumTransformCycles(const WinogradShape &shape, int64_t side, int64_t lanes) {
  return countCycles(transposed(WinogradMatrices::of(side).filter),
                     shape.channels * ceilDivide(shape.filters, lanes));
}

} // namespace lamina::ir
