// Operations of keras.ops that turn tensors over, around and along: keras/src/ops/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensor flipAlong(OperationCall &call, Tensor x, int64_t axis) {
  refuseRows(call, x, axis, "flips");
  return builder::flip(x, axis);
}

Tensors flip(OperationCall &call) {
  Tensor x = call.tensor("x");
  for (int64_t axis : call.axes("axis", x.rank()))
    x = flipAlong(call, x, axis);
  return {x};
}

template <int64_t axis> Tensors flipDimension(OperationCall &call) {
  Tensor x = call.tensor("x");
  return {flipAlong(call, x, normalizeAxis(call.layer.place(), axis, x.rank()))};
}

/// A quarter turn from the first of "axes" to the second, "k" times, as NumPy has it. (Keras on
/// TensorFlow mixes up heights and widths of two turns.)
Tensors rotate(OperationCall &call) {
  Tensor x = call.tensor("array");
  std::vector<int64_t> axes = call.settings.integers("axes").value_or(std::vector<int64_t>{0, 1});
  if (axes.size() != 2)
    call.fail(fmt::format("'axes' must name two dimensions, not {}", axes.size()));
  for (int64_t &axis : axes) {
    axis = normalizeAxis(call.layer.place(), axis, x.rank());
    refuseRows(call, x, axis, "turns");
  }
  if (axes[0] == axes[1])
    call.fail("'axes' must name two different dimensions");
  int64_t turns = (call.settings.integer("k", 1) % 4 + 4) % 4;
  llvm::SmallVector<int64_t> exchanged = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  std::swap(exchanged[axes[0]], exchanged[axes[1]]);
  for (; turns > 0; --turns)
    x = flipAlong(call, x, axes[1]).transpose(exchanged);
  return {x};
}

/// Moves elements along an axis, those that fall off back in at the other end.
Tensors roll(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::vector<int64_t> shifts = readIntegers(call, "shift");
  if (!call.settings.has("axis"))
    call.fail("flattens its input, the rows of the batch included; give it an axis");
  std::vector<int64_t> axes = readIntegers(call, "axis");
  if (shifts.size() != axes.size())
    call.fail("'shift' and 'axis' have different lengths");
  for (auto [shift, given] : llvm::zip(shifts, axes)) {
    int64_t axis = normalizeAxis(call.layer.place(), given, x.rank());
    refuseRows(call, x, axis, "rolls");
    int64_t extent = x.dim(axis), first = ((-shift) % extent + extent) % extent;
    if (first == 0)
      continue;
    llvm::SmallVector<Value> parts = {x.slice(axis, first, extent), x.slice(axis, 0, first)};
    x = x.with(call.emit().create<ir::ConcatenateOp>(parts, axis));
  }
  return {x};
}

} // namespace

llvm::ArrayRef<OperationEntry> moveOperations() {
  static const OperationEntry entries[] = {
      {"Flip", {"x"}, flip},
      {"Fliplr", {"x"}, flipDimension<1>},
      {"Flipud", {"x"}, flipDimension<0>},
      {"Roll", {"x"}, roll},
      {"Rot90", {"array"}, rotate},
  };
  return entries;
}

} // namespace lamina::frontend::keras
