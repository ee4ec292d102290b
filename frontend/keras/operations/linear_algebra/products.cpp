// Products of keras.ops that are no matrix products: keras/src/ops/numpy.py, math.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Two operands in their common type, whatever their shapes.
std::pair<Tensor, Tensor> operands(OperationCall &call, const char *first = "x1",
                                   const char *second = "x2") {
  return inCommonType(call, call.tensor(first), call.tensor(second));
}

/// x with one dimension as its last one.
Tensor moveLast(OperationCall &call, Tensor x, const char *key) {
  int64_t axis = call.axis(call.settings.has("axis") ? "axis" : key, -1, x.rank());
  refuseRows(call, x, axis, "multiplies along");
  llvm::SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  order.erase(order.begin() + axis);
  order.push_back(axis);
  return x.transpose(order);
}

/// Coordinate i of vectors along the last dimension; null where they have two and the third is
/// asked for.
Tensor coordinate(Tensor x, int64_t i) {
  int64_t last = x.rank() - 1;
  return i < x.dim(last) ? x.slice(last, i, i + 1) : Tensor();
}

/// a * b - c * d, where null tensors are 0.
Tensor crossed(Tensor a, Tensor b, Tensor c, Tensor d) {
  Tensor first = a && b ? a * b : Tensor(), second = c && d ? c * d : Tensor();
  if (first && second)
    return first - second;
  return first ? first : -second;
}

/// The vector product in three dimensions. Vectors of two have 0 as the third coordinate; of two
/// such it is the third coordinate alone.
Tensors crossProduct(OperationCall &call) {
  call.settings.ignore({"axisa", "axisb", "axisc"}); // overruled by "axis"
  auto [a, b] = operands(call);
  for (Tensor x : {a, b})
    if (x.rank() < 1)
      call.fail("multiplies something that is no vector");
  a = moveLast(call, a, "axisa");
  b = moveLast(call, b, "axisb");
  for (Tensor x : {a, b})
    if (x.shape().back() != 2 && x.shape().back() != 3)
      call.fail(fmt::format("takes vectors of 2 or 3 coordinates, not {}", x.shape().back()));
  bool isPlane = a.shape().back() == 2 && b.shape().back() == 2;
  llvm::SmallVector<Value> parts;
  checkBroadcast(call, coordinate(a, 0), coordinate(b, 0));
  for (int64_t i = isPlane ? 2 : 0; i < 3; ++i) {
    int64_t j = (i + 1) % 3, k = (i + 2) % 3;
    parts.push_back(
        crossed(coordinate(a, j), coordinate(b, k), coordinate(a, k), coordinate(b, j)));
  }
  Tensor y = a.with(parts.size() == 1
                        ? parts[0]
                        : call.emit().create<ir::ConcatenateOp>(
                              parts, cast<RankedTensorType>(parts[0].getType()).getRank() - 1));
  if (isPlane)
    return {y.reshape(y.shape().drop_back())};
  int64_t axis = call.axis(call.settings.has("axis") ? "axis" : "axisc", -1, y.rank());
  refuseBeforeRows(call, y, axis);
  llvm::SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, y.rank() - 1));
  order.insert(order.begin() + axis, y.rank() - 1);
  return {y.transpose(order)};
}

/// All elements of the first times all of the second.
Tensors outerProduct(OperationCall &call) {
  auto [a, b] = operands(call);
  bool keepsRows = b.type().hasStaticShape() && (a.type().hasStaticShape() || a.rank() == 1);
  if (!keepsRows)
    call.fail("flattens its input, the rows of the batch included; use einsum");
  Tensor column = a.rank() == 1 ? a : a.reshape({a.elementsPerRow()});
  checkSize(call.layer.place(), {column.dim(0), b.elementsPerRow()});
  return {column.reshape({column.dim(0), 1}) * b.reshape({b.elementsPerRow()})};
}

/// The sum of all elements' products.
Tensors flatProduct(OperationCall &call) {
  auto [a, b] = operands(call);
  if (a.shape() != b.shape())
    call.fail(fmt::format("multiplies shapes {} and {} element by element; they must be the same",
                          describeShape(a.shape()), describeShape(b.shape())));
  return {sumAll(a * b)};
}

/// Euclidean distances of all points of the first with all of the second, which are along the
/// last dimension.
Tensors distances(OperationCall &call) {
  auto [a, b] = operands(call, "x", "y");
  a = a.toFloat();
  b = b.toFloat();
  if (a.rank() < 2 || b.rank() < 2 || a.shape().back() != b.shape().back())
    call.fail(fmt::format("takes points along one last dimension, got shapes {} and {}",
                          describeShape(a.shape()), describeShape(b.shape())));
  refuseRows(call, b, b.rank() - 2, "compares");
  llvm::SmallVector<int64_t> aShape(a.shape()), bShape(b.shape());
  aShape.insert(aShape.end() - 1, 1);
  bShape.insert(bShape.end() - 2, 1);
  a = a.reshape(aShape);
  b = b.reshape(bShape);
  checkBroadcast(call, a, b);
  Tensor squares = square(a - b);
  return {sqrt(sum(squares, {squares.rank() - 1}))};
}

} // namespace

llvm::ArrayRef<OperationEntry> productOperations() {
  static const OperationEntry entries[] = {
      {"CDist", {"x", "y"}, distances},
      {"Cross", {"x1", "x2"}, crossProduct},
      {"Outer", {"x1", "x2"}, outerProduct},
      {"Vdot", {"x1", "x2"}, flatProduct},
  };
  return entries;
}

} // namespace lamina::frontend::keras
