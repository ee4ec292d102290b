// Winograd's minimal filtering as its definition says: squares of points through the matrices, then
// sums over the channels point by point.
#include <cmath>

#include "ir/interpreter/interpreter_table.h"
#include "ir/operations/winograd.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// A square, row-major.
template <typename T> using Square = std::vector<T>;

/// matrix * square * matrix^T.
template <typename T> Square<T> applyBothSides(const Matrix &matrix, const Square<T> &square) {
  size_t rows = matrix.size(), size = matrix.front().size();
  Square<T> half(rows * size), result(rows * rows);
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < size; ++column)
      for (size_t k = 0; k < size; ++k)
        half[row * size + column] = std::fma(static_cast<T>(matrix[row][k]),
                                             square[k * size + column], half[row * size + column]);
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < rows; ++column)
      for (size_t k = 0; k < size; ++k)
        result[row * rows + column] = std::fma(static_cast<T>(matrix[column][k]),
                                               half[row * size + k], result[row * rows + column]);
  return result;
}

/// Offset of a channel and filter in a `winograd_filter`, and elements from point to point.
int64_t filterOffset(int64_t channel, int64_t filter, ArrayRef<int64_t> shape) {
  int64_t block = filter / kWinogradPanel * shape[1] + channel / kWinogradChannels;
  return (block * shape[2] * kWinogradChannels + channel % kWinogradChannels) * kWinogradPanel +
         filter % kWinogradPanel;
}
constexpr int64_t kPointStride = kWinogradChannels * kWinogradPanel;

HostTensor evaluateWinogradFilter(WinogradFilterOp op, ArrayRef<HostTensor> operands,
                                  int64_t rows) {
  const HostTensor &filter = operands[0];
  HostTensor result(filter.type(), concreteShape(op.getType(), rows));
  int64_t channels = filter.shape()[2], filters = filter.shape()[3];
  constexpr int64_t kTaps = kWinogradTaps * kWinogradTaps;
  Matrix matrix = WinogradMatrices::of(op.getTile()).filter;
  visitFloatType(filter.type(), [&]<typename T>(std::type_identity<T>) {
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t k = 0; k < filters; ++k) {
        Square<T> taps(kTaps);
        for (int64_t tap = 0; tap < kTaps; ++tap)
          taps[op.getReversed() ? kTaps - 1 - tap : tap] =
              filter.elements<T>()[(tap * channels + c) * filters + k];
        for (auto [point, value] : llvm::enumerate(applyBothSides(matrix, taps)))
          result.elements<T>()[filterOffset(c, k, result.shape()) +
                               static_cast<int64_t>(point) * kPointStride] = value;
      }
  });
  return result;
}

/// One square of the result: where it begins.
struct SquarePosition {
  int64_t image, y, x;
};

/// The elements of the input that a square depends on, in one channel; zero outside.
template <typename T>
Square<T> readInput(WinogradConvolutionOp op, const HostTensor &lhs, SquarePosition place,
                    int64_t channel) {
  int64_t height = lhs.shape()[1], width = lhs.shape()[2], channels = lhs.shape()[3];
  int64_t points = winogradPoints(op.getTile());
  Square<T> square(points * points);
  for (int64_t i = 0; i < points; ++i)
    for (int64_t j = 0; j < points; ++j) {
      int64_t y = place.y + i - op.getLow()[0], x = place.x + j - op.getLow()[1];
      if (y >= 0 && y < height && x >= 0 && x < width)
        square[i * points + j] =
            lhs.elements<T>()[((place.image * height + y) * width + x) * channels + channel];
    }
  return square;
}

template <typename T>
void evaluateSquare(WinogradConvolutionOp op, const HostTensor &lhs, const HostTensor &filter,
                    const WinogradMatrices &matrices, SquarePosition place, HostTensor &result) {
  auto tile = static_cast<int64_t>(op.getTile()), filters = static_cast<int64_t>(op.getFilters());
  int64_t points = matrices.input.size() * matrices.input.size();
  std::vector<Square<T>> sums(filters, Square<T>(points));
  for (int64_t c = 0; c < lhs.shape()[3]; ++c) {
    Square<T> input = applyBothSides(matrices.input, readInput<T>(op, lhs, place, c));
    for (int64_t k = 0; k < filters; ++k)
      for (int64_t point = 0; point < points; ++point)
        sums[k][point] = std::fma(
            input[point],
            filter.elements<T>()[filterOffset(c, k, filter.shape()) + point * kPointStride],
            sums[k][point]);
  }
  int64_t height = result.shape()[1], width = result.shape()[2];
  for (int64_t k = 0; k < filters; ++k) {
    Square<T> outputs = applyBothSides(matrices.output, sums[k]);
    for (int64_t i = 0; i < tile && place.y + i < height; ++i)
      for (int64_t j = 0; j < tile && place.x + j < width; ++j)
        result.elements<
            T>()[((place.image * height + place.y + i) * width + place.x + j) * filters + k] =
            outputs[i * tile + j];
  }
}

HostTensor evaluateWinogradConvolution(WinogradConvolutionOp op, ArrayRef<HostTensor> operands,
                                       int64_t rows) {
  HostTensor result(operands[0].type(), concreteShape(op.getType(), rows));
  auto tile = static_cast<int64_t>(op.getTile());
  WinogradMatrices matrices = WinogradMatrices::of(tile);
  visitFloatType(result.type(), [&]<typename T>(std::type_identity<T>) {
    for (int64_t image = 0; image < result.shape()[0]; ++image)
      for (int64_t y = 0; y < result.shape()[1]; y += tile)
        for (int64_t x = 0; x < result.shape()[2]; x += tile)
          evaluateSquare<T>(op, operands[0], operands[1], matrices, {image, y, x}, result);
  });
  return result;
}

} // namespace

void addWinogradEvaluators(EvaluatorTable &table) {
  table.add<WinogradFilterOp>(evaluateWinogradFilter);
  table.add<WinogradConvolutionOp>(evaluateWinogradConvolution);
}

} // namespace lamina::ir
