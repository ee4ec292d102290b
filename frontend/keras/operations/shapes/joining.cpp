// Operations of keras.ops that join and repeat tensors: keras/src/ops/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensor join(OperationCall &call, ArrayRef<Tensor> parts, int64_t axis) {
  llvm::SmallVector<Value> operands;
  for (Tensor part : parts) {
    bool fits = part.rank() == parts[0].rank();
    for (int64_t i = 0; fits && i < part.rank(); ++i)
      fits = i == axis || part.dim(i) == parts[0].dim(i);
    if (!fits)
      call.fail(fmt::format("shapes {} and {} cannot be joined along axis {}",
                            describeShape(parts[0].shape()), describeShape(part.shape()), axis));
    operands.push_back(part);
  }
  refuseRows(call, parts[0], axis, "joins tensors along");
  return parts[0].with(call.emit().create<ir::ConcatenateOp>(operands, axis));
}

Tensors concatenate(OperationCall &call) {
  Tensors parts = call.tensors("xs");
  return {join(call, parts, call.axis("axis", 0, parts[0].rank()))};
}

/// By position: along the dimension itself, or the first of vectors.
template <int64_t axis> Tensors joinAt(OperationCall &call) {
  Tensors parts = call.tensors("xs");
  int64_t rank = parts[0].rank();
  return {join(call, parts, normalizeAxis(call.layer.place(), rank == 1 ? 0 : axis, rank))};
}

/// Along the third dimension, which matrices get with an extent of 1.
Tensors joinInDepth(OperationCall &call) {
  Tensors parts = call.tensors("xs");
  for (Tensor &part : parts) {
    llvm::SmallVector<int64_t> shape(part.shape());
    if (shape.size() == 1)
      refuseRows(call, part, 0, "moves");
    while (shape.size() < 2)
      shape.insert(shape.begin(), 1);
    if (shape.size() == 2)
      shape.push_back(1);
    part = part.reshape(shape);
  }
  return {join(call, parts, 2)};
}

Tensors append(OperationCall &call) {
  auto [a, b] = inCommonType(call, call.tensor("x1"), call.tensor("x2"));
  auto [first, axis] = flattenUnlessAxis(call, a);
  auto [second, same] = flattenUnlessAxis(call, b);
  return {join(call, {first, second}, axis)};
}

Tensors stack(OperationCall &call) {
  Tensors parts = call.tensors("x");
  int64_t axis = call.axis("axis", 0, parts[0].rank() + 1);
  for (Tensor &part : parts) {
    refuseBeforeRows(call, part, axis);
    llvm::SmallVector<int64_t> shape(part.shape());
    shape.insert(shape.begin() + std::min<int64_t>(axis, part.rank()), 1);
    part = part.reshape(shape);
  }
  return {join(call, parts, axis)};
}

/// Each element of an axis several times.
Tensors repeat(OperationCall &call) {
  auto [x, axis] = flattenUnlessAxis(call, call.tensor("x"));
  refuseRows(call, x, axis, "repeats");
  std::vector<int64_t> counts = readIntegers(call, "repeats");
  if (counts.size() == 1)
    counts.assign(x.dim(axis), counts[0]);
  int64_t total = 0;
  for (int64_t count : counts)
    if (count < 0 || llvm::AddOverflow(total, count, total))
      call.fail("'repeats' must not be negative");
  if (static_cast<int64_t>(counts.size()) != x.dim(axis) || total == 0)
    call.fail(fmt::format("'repeats' does not fit {} elements", x.dim(axis)));
  llvm::SmallVector<int64_t> shape(x.shape()), indices;
  shape[axis] = total;
  checkSize(call.layer.place(), shape);
  for (auto [i, count] : llvm::enumerate(counts))
    indices.append(count, static_cast<int64_t>(i));
  return {pick(x, axis, indices)};
}

/// The whole tensor several times along each axis.
Tensors tile(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::vector<int64_t> counts = readIntegers(call, "repeats");
  while (static_cast<int64_t>(counts.size()) < x.rank())
    counts.insert(counts.begin(), 1);
  if (static_cast<int64_t>(counts.size()) != x.rank())
    call.fail("'repeats' has more entries than its input dimensions, which is not supported");
  for (auto [axis, count] : llvm::enumerate(counts)) {
    if (count == 1)
      continue;
    refuseRows(call, x, static_cast<int64_t>(axis), "repeats");
    llvm::SmallVector<int64_t> split(x.shape()), merged(x.shape()), dimensions;
    if (count < 1 || llvm::MulOverflow(merged[axis], count, merged[axis]))
      call.fail(fmt::format("'repeats' {} is not possible", count));
    checkSize(call.layer.place(), merged);
    split.insert(split.begin() + axis, count);
    for (int64_t i = 0; i < x.rank(); ++i)
      dimensions.push_back(i < static_cast<int64_t>(axis) ? i : i + 1);
    x = x.broadcastInDim(split, dimensions).reshape(merged);
  }
  return {x};
}

} // namespace

llvm::ArrayRef<OperationEntry> joiningOperations() {
  static const OperationEntry entries[] = {
      {"Append", {"x1", "x2"}, append},
      {"Concatenate", {"xs"}, concatenate},
      {"Dstack", {"xs"}, joinInDepth},
      {"Hstack", {"xs"}, joinAt<1>},
      {"Repeat", {"x"}, repeat},
      {"Stack", {"x"}, stack},
      {"Tile", {"x"}, tile},
      {"Vstack", {"xs"}, joinAt<0>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
