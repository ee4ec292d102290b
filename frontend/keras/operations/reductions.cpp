// Reductions of keras.ops: keras/src/ops/numpy.py, math.py, linalg.py, nn.py
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Puts extents of 1 where "keepdims" asks for them.
Tensor keepDimensions(OperationCall &call, Tensor reduced, Tensor x, ArrayRef<int64_t> dimensions) {
  if (!call.settings.boolean("keepdims", false))
    return reduced;
  llvm::SmallVector<int64_t> kept(x.shape());
  for (int64_t dimension : dimensions)
    kept[dimension] = 1;
  return reduced.reshape(kept);
}

using Reduce = Tensor (*)(Tensor, ArrayRef<int64_t>);

/// A reduction of "x" over "axis", of all elements where that is null.
template <Reduce reduce> Tensors over(OperationCall &call, Tensor x) {
  llvm::SmallVector<int64_t> dimensions = call.axes("axis", x.rank());
  return {keepDimensions(call, reduce(x, dimensions), x, dimensions)};
}

template <Reduce reduce> Tensors ofFloats(OperationCall &call) {
  return over<reduce>(call, call.floatTensor("x"));
}

template <Reduce reduce> Tensors ofBooleans(OperationCall &call) {
  return over<reduce>(call, call.boolTensor("x"));
}

/// Booleans count as i32.
template <Reduce reduce> Tensors ofNumbers(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (x.elementType().isInteger(1))
    x = x.convert(IntegerType::get(call.emit().getContext(), 32));
  return over<reduce>(call, x);
}

/// Bytes are added up as i32.
template <Reduce reduce> Tensors accumulated(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (!x.isFloat() && x.elementType().getIntOrFloatBitWidth() < 32)
    x = x.convert(IntegerType::get(call.emit().getContext(), 32));
  if (mlir::Type type = call.elementType("dtype"))
    x = x.convert(type);
  return over<reduce>(call, x);
}

Tensor variance(Tensor x, ArrayRef<int64_t> dimensions) {
  Tensor deviation = x - spread(mean(x, dimensions), dimensions, x);
  return mean(square(deviation), dimensions);
}

Tensor deviation(Tensor x, ArrayRef<int64_t> dimensions) {
  return sqrt(variance(x, dimensions));
}

/// log(sum(exp(x))) without overflow.
Tensor logSumExp(Tensor x, ArrayRef<int64_t> dimensions) {
  Tensor maximum = stopGradient(max(x, dimensions));
  return log(sum(exp(x - spread(maximum, dimensions, x)), dimensions)) + maximum;
}

Tensor peakToPeak(Tensor x, ArrayRef<int64_t> dimensions) {
  return max(x, dimensions) - min(x, dimensions);
}

/// The square root of the sum of squares, or with "ord" 1 the sum of magnitudes.
Tensors norm(OperationCall &call) {
  const nlohmann::json order = call.settings.raw("ord");
  Tensor x = call.floatTensor("x");
  llvm::SmallVector<int64_t> dimensions = call.axes("axis", x.rank());
  bool isVector = dimensions.size() == 1;
  bool isEuclidean = order.is_null() || (isVector && order == 2) || order == "fro";
  if (!isEuclidean && !(isVector && order == 1))
    call.fail(fmt::format("'ord' = {} over {} dimension{} is not supported; the Euclidean norm is, "
                          "and 1 over one dimension",
                          printable(order.dump()), dimensions.size(),
                          dimensions.size() == 1 ? "" : "s"));
  Tensor y = isEuclidean ? sqrt(sum(square(x), dimensions)) : sum(abs(x), dimensions);
  return {keepDimensions(call, y, x, dimensions)};
}

/// The place of the first maximum along one axis, or of the first minimum; i32.
template <bool isMinimum> Tensors place(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (!call.settings.has("axis"))
    call.fail("looks at all elements at once, the rows of the batch among them; give it an axis");
  int64_t axis = call.axis("axis", -1, x.rank());
  if (x.type().isDynamicDim(axis))
    call.fail("looks along the rows of the batch, which is not supported");
  if (x.elementType().isInteger(1))
    x = x.convert(IntegerType::get(call.emit().getContext(), 32));
  return {keepDimensions(call, argmax(isMinimum ? -x : x, axis), x, {axis})};
}

/// Mean and variance.
Tensors moments(OperationCall &call) {
  call.settings.ignore({"synchronized"});
  Tensor x = call.floatTensor("x");
  llvm::SmallVector<int64_t> dimensions = call.axes("axes", x.rank());
  return {keepDimensions(call, mean(x, dimensions), x, dimensions),
          keepDimensions(call, variance(x, dimensions), x, dimensions)};
}

} // namespace

llvm::ArrayRef<OperationEntry> reductionOperations() {
  static const OperationEntry entries[] = {
      {"All", {"x"}, ofBooleans<all>},
      {"Amax", {"x"}, ofNumbers<max>},
      {"Amin", {"x"}, ofNumbers<min>},
      {"Any", {"x"}, ofBooleans<any>},
      {"Argmax", {"x"}, place<false>},
      {"Argmin", {"x"}, place<true>},
      {"Logsumexp", {"x"}, ofFloats<logSumExp>},
      {"Max", {"x"}, ofNumbers<max>},
      {"Mean", {"x"}, ofFloats<mean>},
      {"Min", {"x"}, ofNumbers<min>},
      {"Moments", {"x"}, moments},
      {"Norm", {"x"}, norm},
      {"Prod", {"x"}, accumulated<product>},
      {"Ptp", {"x"}, ofNumbers<peakToPeak>},
      {"Std", {"x"}, ofFloats<deviation>},
      {"Sum", {"x"}, accumulated<sum>},
      {"Var", {"x"}, ofFloats<variance>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
