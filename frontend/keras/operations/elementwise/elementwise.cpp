// Elementwise operations of keras.ops: keras/src/ops/numpy.py, math.py, with the derivatives of
// keras/src/backend/tensorflow/numpy.py
#include <cmath>
#include <numbers>

#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {

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
  auto [a, b] = call.promotedFloats("x1", "x2");
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
/// From here on exp(-x) is nothing beside exp(x), and exp(x / 2) does not overflow before exp(x)
/// / 2.
constexpr double kFarExponent = 80;

/// exp(x) / 2 for large x.
Tensor halfExponential(Tensor x) {
  Tensor root = exp(0.5 * maximum(x, kFarExponent));
  return 0.5 * root * root;
}
Tensor sinh(Tensor x) {
  Tensor magnitude = abs(x), near = clip(x, -kFarExponent, kFarExponent);
  Tensor far = x.apply<ir::SignOp>() * halfExponential(magnitude);
  return where(magnitude > kFarExponent, far, 0.5 * (expm1(near) - expm1(-near)));
}
Tensor cosh(Tensor x) {
  Tensor magnitude = abs(x), near = clip(x, -kFarExponent, kFarExponent);
  return where(magnitude > kFarExponent, halfExponential(magnitude),
               0.5 * (exp(near) + exp(-near)));
}

/// From here on x^2 + 1 and x^2 - 1 are x^2 to the last digit; x^2 does not overflow below.
constexpr double kFarRoot = 1e9;

/// log(2 x) for large x.
Tensor logOfTwice(Tensor x) {
  return log(maximum(x, kFarRoot)) + std::numbers::ln2;
}
/// log(x + sqrt(x^2 + 1)) of |x|, with the sign of x: without cancellation, and with the derivative
/// 1 at 0, where the maximum takes its left operand.
Tensor inverseSinh(Tensor x) {
  Tensor magnitude = maximum(x, -x), near = minimum(magnitude, kFarRoot), squares = square(near);
  Tensor y = log1p(near + squares / (1.0 + sqrt(squares + 1.0)));
  y = where(magnitude > kFarRoot, logOfTwice(magnitude), y);
  return where(x < 0, -y, y);
}
/// log(x + sqrt(x^2 - 1)) without cancellation near 1, NaN below 1.
Tensor inverseCosh(Tensor x) {
  Tensor above = minimum(x, kFarRoot) - 1.0;
  Tensor y = log1p(above + sqrt(above) * sqrt(above + 2.0));
  return where(x > kFarRoot, logOfTwice(x), y);
}
Tensor inverseTanh(Tensor x) {
  return 0.5 * (log1p(x) - log1p(-x));
}
Tensor cubeRoot(Tensor x) {
  return x.apply<ir::SignOp>() * power(abs(x), x.like(1.0 / 3.0));
}
Tensor toRadians(Tensor x) {
  return x * (std::numbers::pi / 180);
}
Tensor toDegrees(Tensor x) {
  return x * (180 / std::numbers::pi);
}
/// sin(pi x) / (pi x); numbers that are too large for a fraction are whole, and so zeros.
Tensor sinc(Tensor x) {
  double whole = x.elementType().isF64() ? 0x1p53 : 0x1p24;
  Tensor angle = clip(x, -whole, whole) * std::numbers::pi;
  Tensor y = where(equal(x, x.like(0)), x.like(1), sine(angle) / angle);
  return where(abs(x) >= whole, 0.0, y);
}
/// Of a real number.
Tensor angle(Tensor x) {
  return where(x < 0, std::numbers::pi, where(x >= 0, 0.0, x));
}
Tensor truncate(Tensor x) {
  return where(x < 0, ceil(x), floor(x));
}
Tensor erfc(Tensor x) {
  return 1.0 - erf(x);
}

Tensor hypotenuse(Tensor a, Tensor b) {
  return sqrt(square(a) + square(b));
}

/// log(exp(a) + exp(b)) without overflow; of two infinities that one has no difference of, the sum.
Tensor logAddExp(Tensor a, Tensor b) {
  Tensor difference = a - b;
  return where(isNan(difference), a + b, maximum(a, b) + log1p(exp(-abs(difference))));
}

/// The same to the base 2.
Tensor logAddExp2(Tensor a, Tensor b) {
  Tensor difference = a - b;
  Tensor rest = log1p(exp(-abs(difference) * std::numbers::ln2)) / std::numbers::ln2;
  return where(isNan(difference), a + b, maximum(a, b) + rest);
}

/// The larger, and of NaN and a number the number.
Tensor largerNumber(Tensor a, Tensor b) {
  Tensor larger = maximum(a, b);
  return a.isFloat() ? where(isNan(a), b, where(isNan(b), a, larger)) : larger;
}
Tensor smallerNumber(Tensor a, Tensor b) {
  Tensor smaller = minimum(a, b);
  return a.isFloat() ? where(isNan(a), b, where(isNan(b), a, smaller)) : smaller;
}

/// The sign is the dividend's.
Tensor truncatedRemainder(Tensor a, Tensor b) {
  return a.apply<ir::SignOp>() * floorRemainder(abs(a), abs(b));
}

Tensor heaviside(Tensor x, Tensor atZero) {
  return where(x < 0, x.like(0), where(x > 0, x.like(1), atZero));
}

/// x1 * 2^x2 with integers x2; 0 and the infinities stay as they are.
Tensors scaleByPower(OperationCall &call) {
  if (call.tensor("x2").isFloat())
    call.fail("takes exponents in floating point; cast them to integers");
  auto [x, exponent] = call.promotedFloats("x1", "x2");
  Tensor infinity = x.like(std::numeric_limits<double>::infinity());
  Tensor stays = logicalOr(equal(x, x.like(0)), equal(abs(x), infinity));
  return {where(stays, x, x * power(x.like(2), exponent))};
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

} // namespace

llvm::ArrayRef<OperationEntry> elementwiseOperations() {
  static const OperationEntry entries[] = {
      {"Abs", {"x"}, unary<abs, true>},
      {"Absolute", {"x"}, unary<abs, true>},
      {"Add", {"x1", "x2"}, binary<operator+ >},
      {"Angle", {"x"}, unary<angle>},
      {"Arccosh", {"x"}, unary<inverseCosh>},
      {"Arcsinh", {"x"}, unary<inverseSinh>},
      {"Arctanh", {"x"}, unary<inverseTanh>},
      {"Cbrt", {"x"}, unary<cubeRoot>},
      {"Ceil", {"x"}, unary<ceil>},
      {"Cos", {"x"}, unary<cosine>},
      {"Cosh", {"x"}, unary<cosh>},
      {"Deg2rad", {"x"}, unary<toRadians>},
      {"Divide", {"x1", "x2"}, floatBinary<operator/ >},
      {"DivideNoNan", {"x1", "x2"}, floatBinary<divideNoNan>},
      {"Erf", {"x"}, unary<erf>},
      {"Erfc", {"x"}, unary<erfc>},
      {"Exp", {"x"}, unary<exp>},
      {"Exp2", {"x"}, unary<exp2>},
      {"Expm1", {"x"}, unary<expm1>},
      {"Fabs", {"x"}, unary<abs>},
      {"Floor", {"x"}, unary<floor>},
      {"FloorDivide", {"x1", "x2"}, binary<floorQuotient>},
      {"Fmax", {"x1", "x2"}, binary<largerNumber>},
      {"Fmin", {"x1", "x2"}, binary<smallerNumber>},
      {"Fmod", {"x1", "x2"}, binary<truncatedRemainder>},
      {"Heaviside", {"x1", "x2"}, floatBinary<heaviside>},
      {"Hypot", {"x1", "x2"}, floatBinary<hypotenuse>},
      {"Ldexp", {"x1", "x2"}, scaleByPower},
      {"Log", {"x"}, unary<log>},
      {"Log10", {"x"}, unary<log10>},
      {"Log1p", {"x"}, unary<log1p>},
      {"Log2", {"x"}, unary<log2>},
      {"Logaddexp", {"x1", "x2"}, floatBinary<logAddExp>},
      {"Logaddexp2", {"x1", "x2"}, floatBinary<logAddExp2>},
      {"Maximum", {"x1", "x2"}, binary<maximum>},
      {"Minimum", {"x1", "x2"}, binary<minimum>},
      {"Mod", {"x1", "x2"}, binary<floorRemainder>},
      {"Multiply", {"x1", "x2"}, binary<operator*>},
      {"Negative", {"x"}, unary<negative, true>},
      {"Power", {"x1", "x2"}, raise},
      {"Rad2deg", {"x"}, unary<toDegrees>},
      {"Reciprocal", {"x"}, unary<reciprocal>},
      {"Round", {"x"}, rounded},
      {"Rsqrt", {"x"}, unary<rsqrt>},
      {"Sign", {"x"}, unary<apply<ir::SignOp>, true>},
      {"Sin", {"x"}, unary<sine>},
      {"Sinc", {"x"}, unary<sinc>},
      {"Sinh", {"x"}, unary<sinh>},
      {"Sqrt", {"x"}, unary<sqrt>},
      {"Square", {"x"}, unary<square, true>},
      {"Subtract", {"x1", "x2"}, binary<(operator-)>},
      {"Tan", {"x"}, unary<tan>},
      {"Tanh", {"x"}, unary<tanh>},
      {"TrueDivide", {"x1", "x2"}, floatBinary<operator/ >},
      {"Trunc", {"x"}, unary<truncate>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
