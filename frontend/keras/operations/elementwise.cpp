// Elementwise operations of keras.ops: keras/src/ops/numpy.py, math.py, with the derivatives of
// keras/src/backend/tensorflow/numpy.py
#include <cmath>

#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

template <typename Op> Tensor apply(Tensor x) {
  return x.apply<Op>();
}

/// A function of "x1" and "x2" in their common type.
template <Tensor (*function)(Tensor, Tensor)> Tensors binary(OperationCall &call) {
  auto [a, b] = call.promoted("x1", "x2");
  if (a.elementType().isInteger(1))
    call.fail("is called with booleans; cast them to numbers");
  return {function(a, b)};
}

/// The same in floating point.
template <Tensor (*function)(Tensor, Tensor)> Tensors floatBinary(OperationCall &call) {
  auto [a, b] = call.promoted("x1", "x2");
  return {function(a.toFloat(), b.toFloat())};
}

template <ir::ComparisonDirection direction> Tensors comparison(OperationCall &call) {
  auto [a, b] = call.promoted("x1", "x2");
  return {compare(direction, a, b)};
}

template <Tensor (*function)(Tensor, Tensor)> Tensors logical(OperationCall &call) {
  Tensor a = call.boolTensor("x1"), b = call.boolTensor("x2");
  checkBroadcast(call, a, b);
  return {function(a, b)};
}

Tensor negative(Tensor x) {
  return -x;
}
Tensor reciprocal(Tensor x) {
  return 1.0 / x;
}
Tensor log2(Tensor x) {
  return log(x) / 0.69314718055994530942;
}
Tensor log10(Tensor x) {
  return log(x) / 2.30258509299404568402;
}
Tensor exp2(Tensor x) {
  return power(x.like(2), x);
}
Tensor sinh(Tensor x) {
  return 0.5 * (expm1(x) - expm1(-x));
}
Tensor cosh(Tensor x) {
  return 0.5 * (exp(x) + exp(-x));
}
Tensor truncate(Tensor x) {
  return where(x < 0, ceil(x), floor(x));
}
Tensor erfc(Tensor x) {
  return 1.0 - erf(x);
}

/// x minus y times the quotient rounded down: the sign is the divisor's.
Tensor floorRemainder(Tensor a, Tensor b) {
  Tensor rest = remainder(a, b);
  Tensor isOther = notEqual(rest < 0, b < 0);
  return where(logicalAnd(notEqual(rest, rest.like(0)), isOther), rest + b, rest);
}

Tensor floorQuotient(Tensor a, Tensor b) {
  if (a.isFloat())
    return floor(a / b);
  return (a - floorRemainder(a, b)) / b;
}

Tensor hypotenuse(Tensor a, Tensor b) {
  return sqrt(square(a) + square(b));
}

/// log(exp(a) + exp(b)) without overflow.
Tensor logAddExp(Tensor a, Tensor b) {
  return maximum(a, b) + log1p(exp(-abs(a - b)));
}

/// A whole number as the exponent is a product where it is 2, and a constant else.
Tensors raise(OperationCall &call) {
  const nlohmann::json &exponent = call.settings.raw("x2");
  auto [a, b] = call.promoted("x1", "x2");
  if (exponent.is_number() && exponent == 2)
    return {square(a)};
  if (!a.isFloat())
    call.fail("raises integers to a power; cast them to floating point");
  return {power(a, b)};
}

Tensors logicalNot(OperationCall &call) {
  return {call.boolTensor("x").apply<ir::NotOp>()};
}

Tensors isNan(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {notEqual(x, x)};
}

Tensors isInfinite(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {equal(abs(x), x.like(std::numeric_limits<double>::infinity()))};
}

Tensors isFinite(OperationCall &call) {
  return {abs(call.floatTensor("x")) < std::numeric_limits<double>::infinity()};
}

Tensors select(OperationCall &call) {
  Tensor condition = call.boolTensor("condition");
  auto [a, b] = call.promoted("x1", "x2");
  checkBroadcast(call, condition, a);
  checkBroadcast(call, condition, b);
  return {where(condition, a, b)};
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

/// Ties to even, at `decimals` digits behind the point.
Tensors rounded(OperationCall &call) {
  Tensor x = call.tensor("x");
  int64_t decimals = call.settings.integer("decimals", 0);
  if (!x.isFloat() && decimals >= 0)
    return {x};
  if (decimals == 0)
    return {x.apply<ir::RoundNearestEvenOp>()};
  double factor = std::pow(10.0, static_cast<double>(decimals));
  return {(x.toFloat() * factor).apply<ir::RoundNearestEvenOp>() / factor};
}

Tensors castTo(OperationCall &call) {
  mlir::Type type = call.elementType("dtype");
  Tensor x = call.tensor("x");
  return {type ? x.convert(type) : x};
}

Tensors convertToTensor(OperationCall &call) {
  call.settings.ignore({"sparse", "ragged"});
  return castTo(call);
}

Tensors gradientStopper(OperationCall &call) {
  return {stopGradient(call.tensor("variable"))};
}

Tensors identity(OperationCall &call) {
  return {call.tensor("x")};
}

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

using enum ir::ComparisonDirection;

} // namespace

llvm::ArrayRef<OperationEntry> elementwiseOperations() {
  static const OperationEntry entries[] = {
      {"Absolute", {"x"}, unary<abs, true>},
      {"Abs", {"x"}, unary<abs, true>},
      {"Fabs", {"x"}, unary<abs>},
      {"Add", {"x1", "x2"}, binary<operator+ >},
      {"Cast", {"x"}, castTo},
      {"Ceil", {"x"}, unary<ceil>},
      {"Clip", {"x"}, clipped},
      {"ConvertToTensor", {"x"}, convertToTensor},
      {"Copy", {"x"}, identity},
      {"Cos", {"x"}, unary<cosine>},
      {"Cosh", {"x"}, unary<cosh>},
      {"Divide", {"x1", "x2"}, floatBinary<operator/ >},
      {"DivideNoNan", {"x1", "x2"}, floatBinary<divideNoNan>},
      {"Equal", {"x1", "x2"}, comparison<EQ>},
      {"Erf", {"x"}, unary<erf>},
      {"Erfc", {"x"}, unary<erfc>},
      {"Exp", {"x"}, unary<exp>},
      {"Exp2", {"x"}, unary<exp2>},
      {"Expm1", {"x"}, unary<expm1>},
      {"Floor", {"x"}, unary<floor>},
      {"FloorDivide", {"x1", "x2"}, binary<floorQuotient>},
      {"FullLike", {"x", "fill_value"}, filledLike},
      {"Greater", {"x1", "x2"}, comparison<GT>},
      {"GreaterEqual", {"x1", "x2"}, comparison<GE>},
      {"Hypot", {"x1", "x2"}, floatBinary<hypotenuse>},
      {"Isfinite", {"x"}, isFinite},
      {"Isinf", {"x"}, isInfinite},
      {"Isnan", {"x"}, isNan},
      {"Less", {"x1", "x2"}, comparison<LT>},
      {"LessEqual", {"x1", "x2"}, comparison<LE>},
      {"Log", {"x"}, unary<log>},
      {"Log10", {"x"}, unary<log10>},
      {"Log1p", {"x"}, unary<log1p>},
      {"Log2", {"x"}, unary<log2>},
      {"Logaddexp", {"x1", "x2"}, floatBinary<logAddExp>},
      {"LogicalAnd", {"x1", "x2"}, logical<logicalAnd>},
      {"LogicalNot", {"x"}, logicalNot},
      {"LogicalOr", {"x1", "x2"}, logical<logicalOr>},
      {"LogicalXor", {"x1", "x2"}, logical<notEqual>},
      {"Maximum", {"x1", "x2"}, binary<maximum>},
      {"Minimum", {"x1", "x2"}, binary<minimum>},
      {"Mod", {"x1", "x2"}, binary<floorRemainder>},
      {"Multiply", {"x1", "x2"}, binary<operator*>},
      {"Negative", {"x"}, unary<negative, true>},
      {"NotEqual", {"x1", "x2"}, comparison<NE>},
      {"OnesLike", {"x"}, filledWith<1>},
      {"Power", {"x1", "x2"}, raise},
      {"Reciprocal", {"x"}, unary<reciprocal>},
      {"Round", {"x"}, rounded},
      {"Rsqrt", {"x"}, unary<rsqrt>},
      {"Sign", {"x"}, unary<apply<ir::SignOp>, true>},
      {"Sin", {"x"}, unary<sine>},
      {"Sinh", {"x"}, unary<sinh>},
      {"Sqrt", {"x"}, unary<sqrt>},
      {"Square", {"x"}, unary<square, true>},
      {"StopGradient", {"variable"}, gradientStopper},
      {"Subtract", {"x1", "x2"}, binary<(operator-)>},
      {"Tan", {"x"}, unary<tan>},
      {"Tanh", {"x"}, unary<tanh>},
      {"TrueDivide", {"x1", "x2"}, floatBinary<operator/ >},
      {"Trunc", {"x"}, unary<truncate>},
      {"Where", {"condition", "x1", "x2"}, select},
      {"ZerosLike", {"x"}, filledWith<0>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
