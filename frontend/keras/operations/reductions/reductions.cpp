// Reductions of keras.ops: keras/src/ops/numpy.py, math.py, linalg.py, nn.py
#include "frontend/keras/operations/reductions/reductions.h"

#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {

Tensor keepDimensions(OperationCall &call, Tensor reduced, Tensor x, ArrayRef<int64_t> dimensions) {
  if (!call.settings.boolean("keepdims", false))
    return reduced;
  llvm::SmallVector<int64_t> kept(x.shape());
  for (int64_t dimension : dimensions)
    kept[dimension] = 1;
  return reduced.reshape(kept);
}

Tensors reduceOver(OperationCall &call, Tensor x, Reduce reduce) {
  llvm::SmallVector<int64_t> dimensions = call.axes("axis", x.rank());
  return {keepDimensions(call, reduce(x, dimensions), x, dimensions)};
}

Tensor countable(Tensor x) {
  return x.elementType().isInteger(1) ? x.convert(IntegerType::get(x.emit().getContext(), 32)) : x;
}

Tensor addable(Tensor x) {
  bool isNarrow = !x.isFloat() && x.elementType().getIntOrFloatBitWidth() < 32;
  return isNarrow ? x.convert(IntegerType::get(x.emit().getContext(), 32)) : x;
}

namespace {

template <Reduce reduce> Tensors ofBooleans(OperationCall &call) {
  return reduceOver(call, call.boolTensor("x"), reduce);
}

template <Reduce reduce> Tensors ofNumbers(OperationCall &call) {
  return reduceOver(call, countable(call.tensor("x")), reduce);
}

/// The largest or smallest element; "initial" takes part.
template <Reduce reduce, Tensor (*combine)(Tensor, double)> Tensors extremum(OperationCall &call) {
  Tensors result = ofNumbers<reduce>(call);
  std::optional<double> initial = call.settings.optionalNumber("initial");
  return {initial ? combine(result[0], *initial) : result[0]};
}

/// In the asked type.
template <Reduce reduce> Tensors accumulated(OperationCall &call) {
  Tensor x = addable(call.tensor("x"));
  mlir::Type type = call.elementType("dtype");
  return reduceOver(call, type ? x.convert(type) : x, reduce);
}

Tensors countNonzero(OperationCall &call) {
  return reduceOver(call, countable(call.boolTensor("x")), sum);
}

/// Of the same shape as x, or along its one axis.
Tensor spreadWeights(OperationCall &call, Tensor weights, Tensor x, ArrayRef<int64_t> dimensions) {
  if (weights.shape() == x.shape())
    return weights;
  if (weights.rank() != 1 || dimensions.size() != 1 || weights.dim(0) != x.dim(dimensions[0]))
    call.fail(fmt::format("'weights' of shape {} do not fit a tensor of shape {}",
                          describeShape(weights.shape()), describeShape(x.shape())));
  return weights.broadcastInDim(x.shape(), dimensions);
}

Tensors average(OperationCall &call) {
  Tensor x = call.floatTensor("x"), weights = call.optionalTensor("weights");
  llvm::SmallVector<int64_t> dimensions = call.axes("axis", x.rank());
  if (!weights)
    return {mean(x, dimensions)};
  mlir::Type type = promoteTypes(call, x.elementType(), weights.toFloat().elementType());
  x = x.convert(type);
  weights = spreadWeights(call, weights.convert(type), x, dimensions);
  return {sum(x * weights, dimensions) / sum(weights, dimensions)};
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

/// The place of the first maximum along one axis, or of the first minimum; i32. With `skipsNan` NaN
/// is passed over; where all are NaN, the place is -1.
template <bool isMinimum, bool skipsNan = false> Tensors place(OperationCall &call) {
  Tensor x = countable(call.tensor("x"));
  if (!call.settings.has("axis"))
    call.fail("looks at all elements at once, the rows of the batch among them; give it an axis");
  int64_t axis = call.axis("axis", -1, x.rank());
  if (x.type().isDynamicDim(axis))
    call.fail("looks along the rows of the batch, which is not supported");
  Tensor scores = isMinimum ? -x : x;
  if (!skipsNan || !x.isFloat())
    return {keepDimensions(call, argmax(scores, axis), x, {axis})};
  scores = where(isNan(x), x.like(-std::numeric_limits<double>::infinity()), scores);
  Tensor found = argmax(scores, axis);
  return {keepDimensions(call, where(all(isNan(x), {axis}), found.like(-1), found), x, {axis})};
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
      {"Amax", {"x"}, extremum<max, maximum>},
      {"Amin", {"x"}, extremum<min, minimum>},
      {"Any", {"x"}, ofBooleans<any>},
      {"Argmax", {"x"}, place<false>},
      {"Argmin", {"x"}, place<true>},
      {"Average", {"x", "weights"}, average},
      {"CountNonzero", {"x"}, countNonzero},
      {"Logsumexp", {"x"}, ofFloats<logSumExp>},
      {"Max", {"x"}, extremum<max, maximum>},
      {"Mean", {"x"}, ofFloats<mean>},
      {"Min", {"x"}, extremum<min, minimum>},
      {"Moments", {"x"}, moments},
      {"Nanargmax", {"x"}, place<false, true>},
      {"Nanargmin", {"x"}, place<true, true>},
      {"Prod", {"x"}, accumulated<product>},
      {"Ptp", {"x"}, ofNumbers<peakToPeak>},
      {"Std", {"x"}, ofFloats<deviation>},
      {"Sum", {"x"}, accumulated<sum>},
      {"Var", {"x"}, ofFloats<variance>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
