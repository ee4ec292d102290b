// Operations of keras.ops on diagonals of matrices: keras/src/ops/numpy.py
#include <cstdlib>

#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"
#include "frontend/keras/operations/reductions/reductions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The diagonal at column - row = `offset` of the last two dimensions.
Tensor takeDiagonal(OperationCall &call, Tensor x, int64_t offset) {
  int64_t height = x.dim(x.rank() - 2), width = x.dim(x.rank() - 1);
  int64_t row = std::max<int64_t>(-offset, 0), column = std::max<int64_t>(offset, 0);
  int64_t count = std::min(height - row, width - column);
  if (count < 1)
    call.fail(
        fmt::format("the diagonal {} of a matrix of {} x {} is empty", offset, height, width));
  // In row-major order, neighbours on a diagonal are width + 1 apart.
  llvm::SmallVector<int64_t> flat(x.shape().drop_back(2));
  flat.push_back(height * width);
  int64_t first = row * width + column;
  return x.reshape(flat).slice(x.rank() - 2, first, first + (count - 1) * (width + 1) + 1,
                               width + 1);
}

/// x with "axis1" and "axis2" as its last dimensions.
Tensor matricesLast(OperationCall &call, Tensor x) {
  int64_t rows = call.axis("axis1", 0, x.rank()), columns = call.axis("axis2", 1, x.rank());
  if (rows == columns)
    call.fail("'axis1' and 'axis2' must be different");
  refuseRows(call, x, rows, "takes a diagonal along");
  refuseRows(call, x, columns, "takes a diagonal along");
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i < x.rank(); ++i)
    if (i != rows && i != columns)
      order.push_back(i);
  order.append({rows, columns});
  return x.transpose(order);
}

Tensors diagonal(OperationCall &call) {
  Tensor x = matricesLast(call, call.tensor("x"));
  return {takeDiagonal(call, x, call.settings.integer("offset", 0))};
}

Tensors trace(OperationCall &call) {
  Tensor x = matricesLast(call, addable(call.tensor("x")));
  Tensor elements = takeDiagonal(call, x, call.settings.integer("offset", 0));
  return {sum(elements, {elements.rank() - 1})};
}

/// The square matrix with the vector x on its k-th diagonal.
Tensor makeDiagonal(OperationCall &call, Tensor x, int64_t k) {
  constexpr int64_t kMostOffset = int64_t(1) << 20;
  if (std::abs(k) > kMostOffset)
    call.fail(fmt::format("'k' {} is too large", k));
  int64_t extent = x.dim(0) + std::abs(k);
  checkSize(call.layer.place(), {extent, extent});
  int64_t first = std::max<int64_t>(-k, 0) * extent + std::max<int64_t>(k, 0);
  int64_t last = first + (x.dim(0) - 1) * (extent + 1);
  Tensor flat = x.with(call.emit().create<ir::PadOp>(
      Value(x), Value(x.like(0)), ArrayRef<int64_t>{first},
      ArrayRef<int64_t>{extent * extent - 1 - last}, ArrayRef<int64_t>{extent}));
  return flat.reshape({extent, extent});
}

/// Of a vector a matrix, of a matrix its diagonal.
Tensors diagonalOrMatrix(OperationCall &call) {
  Tensor x = call.tensor("x");
  int64_t k = call.settings.integer("k", 0);
  if (!x.type().hasStaticShape())
    refuseRows(call, x, 0, "makes a matrix of");
  if (x.rank() != 1 && x.rank() != 2)
    call.fail(fmt::format("takes a vector or a matrix, got shape {}", describeShape(x.shape())));
  return {x.rank() == 1 ? makeDiagonal(call, x, k) : takeDiagonal(call, x, k)};
}

Tensors flatDiagonal(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (!x.type().hasStaticShape())
    refuseRows(call, x, 0, "makes a matrix of");
  return {makeDiagonal(call, x.reshape({x.elementsPerRow()}), call.settings.integer("k", 0))};
}

/// Zeros above the k-th diagonal (or below it) of the last two dimensions.
template <bool isUpper> Tensors triangle(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (x.rank() < 2)
    call.fail(fmt::format("needs a matrix, got shape {}", describeShape(x.shape())));
  refuseRows(call, x, x.rank() - 2, "cuts along");
  llvm::SmallVector<int64_t> shape(x.shape().take_back(2));
  Tensor row = call.emit().iota(shape, 0), column = call.emit().iota(shape, 1);
  Tensor distance = column - row - static_cast<double>(call.settings.integer("k", 0));
  return {where(isUpper ? distance >= 0 : distance <= 0, x, 0.0)};
}

} // namespace

llvm::ArrayRef<OperationEntry> diagonalOperations() {
  static const OperationEntry entries[] = {
      {"Diag", {"x"}, diagonalOrMatrix}, {"Diagflat", {"x"}, flatDiagonal},
      {"Diagonal", {"x"}, diagonal},     {"Trace", {"x"}, trace},
      {"Tril", {"x"}, triangle<false>},  {"Triu", {"x"}, triangle<true>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
