// Operations of keras.ops that change types and values that are out of range, and fill:
// keras/src/ops/numpy.py, core.py
#include <cmath>

#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The least and the largest finite number of a type.
std::pair<double, double> limitsOf(mlir::Type type) {
  if (auto number = dyn_cast<FloatType>(type)) {
    double largest = llvm::APFloat::getLargest(number.getFloatSemantics()).convertToDouble();
    return {-largest, largest};
  }
  int width = static_cast<int>(type.getIntOrFloatBitWidth());
  if (width == 1 || type.isUnsignedInteger())
    return {0, std::ldexp(1.0, width) - 1};
  return {-std::ldexp(1.0, width - 1), std::ldexp(1.0, width - 1) - 1};
}

/// min(max(x, x_min), x_max); the bounds are numbers.
Tensors clipped(OperationCall &call) {
  Tensor x = call.tensor("x");
  auto low = call.settings.optionalNumber("x_min"), high = call.settings.optionalNumber("x_max");
  bool isWhole = !low || !high || (*low == std::floor(*low) && *high == std::floor(*high));
  x = isWhole && !x.elementType().isInteger(1) ? x : x.toFloat();
  x = low ? maximum(x, *low) : x;
  return {high ? minimum(x, *high) : x};
}

Tensors castTo(OperationCall &call) {
  mlir::Type type = call.elementType("dtype");
  Tensor x = call.tensor("x");
  return {type ? x.convert(type) : x};
}

/// What the other type does not reach becomes its nearest number.
Tensors castSaturating(OperationCall &call) {
  Tensor x = call.tensor("x");
  mlir::Type type = call.elementType("dtype");
  if (!type)
    call.fail("needs a 'dtype'");
  if (x.elementType().isInteger(1))
    return {x.convert(type)};
  auto [least, largest] = limitsOf(x.elementType());
  auto [low, high] = limitsOf(type);
  if (low > least)
    x = maximum(x, low);
  // A float that cannot hold the largest integer holds the power of two behind it; converting it
  // saturates.
  return {(high < largest ? minimum(x, high) : x).convert(type)};
}

Tensors convertToTensor(OperationCall &call) {
  call.settings.ignore({"sparse", "ragged"});
  return castTo(call);
}

/// Infinities become the largest numbers unless the call says others.
Tensors replaceNonNumbers(OperationCall &call) {
  Tensor x = call.tensor("x");
  double nan = call.settings.number("nan", 0);
  auto positive = call.settings.optionalNumber("posinf");
  auto negative = call.settings.optionalNumber("neginf");
  return {x.isFloat() ? toNumbers(x, nan, positive, negative) : x};
}

Tensors gradientStopper(OperationCall &call) {
  return {stopGradient(call.tensor("variable"))};
}

Tensors identity(OperationCall &call) {
  return {call.tensor("x")};
}

//===--- Filled tensors ----------------------------------------------------------------------===//

/// The tensor's shape, filled with one value of its own or the asked type.
Tensors filled(OperationCall &call, Tensor value) {
  Tensor x = call.tensor("x");
  mlir::Type type = call.elementType("dtype");
  return {value.convert(type ? type : x.elementType()).broadcastTo(x.shape())};
}

template <int value> Tensors filledWith(OperationCall &call) {
  return filled(call, call.emit().constant(value));
}

Tensors filledLike(OperationCall &call) {
  Tensor value = call.tensor("fill_value");
  if (value.rank() != 0)
    call.fail("fills with a tensor; only numbers are supported");
  return filled(call, value);
}

Tensors countDimensions(OperationCall &call) {
  mlir::Type type = IntegerType::get(call.emit().getContext(), 32);
  return {call.emit().constant(type, static_cast<double>(call.tensor("x").rank()))};
}

/// The number of elements, those of all rows at hand.
Tensors countElements(OperationCall &call) {
  Tensor x = call.tensor("x");
  mlir::Type type = IntegerType::get(call.emit().getContext(), 32);
  Tensor inRow = call.emit().constant(type, static_cast<double>(x.elementsPerRow()));
  return {x.type().hasStaticShape() ? inRow : call.emit().rows().convert(type) * inRow};
}

} // namespace

Tensor toNumbers(Tensor x, double nan, std::optional<double> positive,
                 std::optional<double> negative) {
  auto [least, largest] = limitsOf(x.elementType());
  double infinity = std::numeric_limits<double>::infinity();
  x = where(isNan(x), x.like(nan), x);
  x = where(equal(x, x.like(infinity)), x.like(positive.value_or(largest)), x);
  return where(equal(x, x.like(-infinity)), x.like(negative.value_or(least)), x);
}

llvm::ArrayRef<OperationEntry> conversionOperations() {
  static const OperationEntry entries[] = {
      {"Array", {"x"}, castTo},
      {"Cast", {"x"}, castTo},
      {"Clip", {"x"}, clipped},
      {"Conj", {"x"}, identity},
      {"Conjugate", {"x"}, identity},
      {"ConvertToTensor", {"x"}, convertToTensor},
      {"Copy", {"x"}, identity},
      {"EmptyLike", {"x"}, filledWith<0>},
      {"FullLike", {"x", "fill_value"}, filledLike},
      {"Imag", {"x"}, filledWith<0>},
      {"NanToNum", {"x"}, replaceNonNumbers},
      {"Ndim", {"x"}, countDimensions},
      {"OnesLike", {"x"}, filledWith<1>},
      {"Real", {"x"}, identity},
      {"SaturateCast", {"x"}, castSaturating},
      {"Size", {"x"}, countElements},
      {"StopGradient", {"variable"}, gradientStopper},
      {"ZerosLike", {"x"}, filledWith<0>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
