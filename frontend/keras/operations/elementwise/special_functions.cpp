// Inverse trigonometric functions, erfinv, i0, gcd and lcm of keras.ops: keras/src/ops/numpy.py,
// math.py. The derivatives are those of the functions themselves, not of their approximations.
#include <cmath>
#include <limits>
#include <numbers>

#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Coefficients = llvm::ArrayRef<double>;

/// The polynomial with these coefficients, of the highest power first.
Tensor polynomial(Tensor x, Coefficients coefficients) {
  Tensor y = x.like(coefficients[0]).broadcastTo(x.shape());
  for (double coefficient : coefficients.drop_front())
    y = y * x + coefficient;
  return y;
}

/// `value` with the gradient that x gets for each part of it: `slope`.
Tensor withSlope(Tensor value, Tensor x, Tensor slope) {
  Tensor still = stopGradient(x);
  // The difference is 0, where it is not NaN of two infinities.
  Tensor change = where(equal(x, still), x - still, 0.0) * stopGradient(slope);
  Tensor isKnown = equal(change, change.like(0));
  return stopGradient(value) + where(isKnown, change, 0.0);
}

/// S. Moshier's Cephes, atan.c: |x| is brought to [0, tan(pi/8)], error of 2e-16.
Tensor arctanOfPositive(Tensor x) {
  static const double above[] = {-8.750608600031904122785e-1, -1.615753718733365076637e1,
                                 -7.500855792314704667340e1, -1.228866684490136173410e2,
                                 -6.485021904942025371773e1};
  static const double below[] = {1,
                                 2.485846490142306297962e1,
                                 1.650270098316988542046e2,
                                 4.328810604912902668951e2,
                                 4.853903996359136964868e2,
                                 1.945506571482613964425e2};
  const double eighth = std::tan(std::numbers::pi / 8);
  Tensor isFar = x > 1 / eighth, isMiddle = x > eighth;
  Tensor near = where(isFar, -1.0 / x, where(isMiddle, (x - 1.0) / (x + 1.0), x));
  Tensor start =
      where(isFar, std::numbers::pi / 2, where(isMiddle, std::numbers::pi / 4, x.like(0)));
  Tensor z = square(near);
  return start + (near + near * z * polynomial(z, above) / polynomial(z, below));
}

Tensor arctanValue(Tensor x) {
  Tensor y = arctanOfPositive(abs(x));
  return where(x < 0, -y, y);
}

Tensor arctan(Tensor x) {
  // Of large numbers the square overflows, and the slope is 0 then as it has to be.
  return withSlope(arctanValue(x), x, 1.0 / (square(x) + 1.0));
}

Tensor arcsin(Tensor x) {
  Tensor rest = (1.0 - x) * (1.0 + x);
  return withSlope(arctanValue(x * rsqrt(rest)), x, rsqrt(rest));
}

Tensor arccos(Tensor x) {
  Tensor slope = -rsqrt((1.0 - x) * (1.0 + x));
  return withSlope(2.0 * arctanValue(sqrt((1.0 - x) / (1.0 + x))), x, slope);
}

/// Whether the sign bit is set, of -0 too.
Tensor isNegative(Tensor x) {
  return logicalOr(x < 0, (1.0 / x) < 0);
}

} // namespace

Tensor arctan2(Tensor y, Tensor x) {
  Tensor infinity = x.like(std::numeric_limits<double>::infinity());
  Tensor a = abs(y), b = abs(x);
  Tensor isNowhere = logicalAnd(equal(a, a.like(0)), equal(b, b.like(0)));
  Tensor isDiagonal = logicalAnd(equal(a, infinity), equal(b, infinity));
  Tensor ratio = where(isNowhere, 0.0, where(isDiagonal, 1.0, a / b));
  Tensor angle = arctanOfPositive(ratio);
  angle = where(isNegative(x), std::numbers::pi - angle, angle);
  angle = where(isNegative(y), -angle, angle);
  Tensor squares = square(x) + square(y), none = x.like(0).broadcastTo(squares.shape());
  // One operand after the other: only the first value counts.
  Tensor fromY = withSlope(angle, y, x / squares);
  return fromY + withSlope(none, x, -y / squares);
}

namespace {

/// M. Wichura's AS 241 (1988), "The percentage points of the normal distribution", of which
/// erfinv(y) is that at (1 + y) / 2 over the root of 2: error of 1e-16.
Tensor inverseErfValue(Tensor y) {
  static const double nearAbove[] = {2.5090809287301226727e+3, 3.3430575583588128105e+4,
                                     6.7265770927008700853e+4, 4.5921953931549871457e+4,
                                     1.3731693765509461125e+4, 1.9715909503065514427e+3,
                                     1.3314166789178437745e+2, 3.3871328727963666080e0};
  static const double nearBelow[] = {5.2264952788528545610e+3, 2.8729085735721942674e+4,
                                     3.9307895800092710610e+4, 2.1213794301586595867e+4,
                                     5.3941960214247511077e+3, 6.8718700749205790830e+2,
                                     4.2313330701600911252e+1, 1};
  static const double farAbove[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2,
                                    2.41780725177450611770e-1, 1.27045825245236838258e0,
                                    3.64784832476320460504e0,  5.76949722146069140550e0,
                                    4.63033784615654529590e0,  1.42343711074968357734e0};
  static const double farBelow[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4,
                                    1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                    6.89767334985100004550e-1, 1.67638483018380384940e0,
                                    2.05319162663775882187e0,  1};
  static const double tailAbove[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5,
                                     1.24266094738807843860e-3, 2.65321895265761230930e-2,
                                     2.96560571828504891230e-1, 1.78482653991729133580e0,
                                     5.46378491116411436990e0,  6.65790464350110377720e0};
  static const double tailBelow[] = {2.04426310338993978564e-15, 1.42151175831644588870e-7,
                                     1.84631831751005468180e-5,  7.86869131145613259100e-4,
                                     1.48753612908506148525e-2,  1.36929880922735805310e-1,
                                     5.99832206555887937690e-1,  1};
  Tensor q = 0.5 * y, size = abs(q);
  Tensor z = 0.180625 - square(minimum(size, 0.425));
  Tensor near = q * polynomial(z, nearAbove) / polynomial(z, nearBelow);
  Tensor r = sqrt(-log(0.5 - size));
  Tensor middle = minimum(r, 5) - 1.6, tail = clip(r, 5, 30) - 5.0;
  Tensor far = where(r <= 5, polynomial(middle, farAbove) / polynomial(middle, farBelow),
                     polynomial(tail, tailAbove) / polynomial(tail, tailBelow));
  far = where(size < 0.5, far, where(size > 0.5, std::numeric_limits<double>::quiet_NaN(), r));
  Tensor quantile = where(size <= 0.425, near, where(q < 0, -far, far));
  return quantile / std::numbers::sqrt2;
}

Tensor inverseErf(Tensor y) {
  Tensor x = inverseErfValue(y);
  const double half = 0.5 / std::numbers::inv_sqrtpi;
  return withSlope(x, y, half * exp(square(x)));
}

/// The modified Bessel function, the mean of exp(x cos t) over a half turn: sums of equal steps
/// converge exponentially for it (Trefethen and Weideman 2014). So does its derivative.
Tensor bessel0(Tensor x) {
  int64_t steps = x.elementType().isF64() ? 128 : 40;
  llvm::SmallVector<double> cosines;
  for (int64_t i = 0; i < steps; ++i)
    cosines.push_back(
        std::cos(std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(steps)));
  llvm::SmallVector<int64_t> shape(x.shape()), order;
  shape.push_back(1);
  Tensor exponents = x.reshape(shape) * x.emit().constant(x.elementType(), cosines, {steps});
  return mean(exp(exponents), {x.rank()});
}

/// Euclid's algorithm: in so many steps it ends for all numbers of the type (Lamé 1844).
Tensor greatestDivisor(Tensor a, Tensor b) {
  int64_t steps = a.elementType().isInteger(64) ? 92 : 47;
  a = maximum(a, -a);
  b = maximum(b, -b);
  for (int64_t i = 0; i < steps; ++i) {
    Tensor isDone = equal(b, b.like(0));
    Tensor rest = remainder(a, where(isDone, b.like(1).broadcastTo(b.shape()), b));
    Tensor next = where(isDone, b, rest);
    a = where(isDone, a, b);
    b = next;
  }
  return a;
}

std::pair<Tensor, Tensor> twoIntegers(OperationCall &call) {
  auto [a, b] = call.promoted("x1", "x2");
  if (a.isFloat() || a.elementType().isInteger(1))
    call.fail("is of integers; cast them to int32");
  checkBroadcast(call, a, b);
  Tensor zero = a - a + (b - b);
  return {a + zero, b + zero};
}

Tensors gcd(OperationCall &call) {
  auto [a, b] = twoIntegers(call);
  return {greatestDivisor(a, b)};
}

Tensors lcm(OperationCall &call) {
  auto [a, b] = twoIntegers(call);
  Tensor divisor = greatestDivisor(a, b);
  Tensor isNothing = equal(divisor, divisor.like(0));
  Tensor product = a / where(isNothing, divisor.like(1).broadcastTo(a.shape()), divisor) * b;
  return {maximum(product, -product)};
}

Tensors angleOf(OperationCall &call) {
  auto [y, x] = call.promotedFloats("x1", "x2");
  checkBroadcast(call, y, x);
  // Both in the shape of the result, whatever they hold.
  llvm::SmallVector<int64_t> shape((stopGradient(y) + stopGradient(x)).shape());
  return {arctan2(y.broadcastTo(shape), x.broadcastTo(shape))};
}

} // namespace

llvm::ArrayRef<OperationEntry> specialOperations() {
  static const OperationEntry entries[] = {
      {"Arccos", {"x"}, unary<arccos>},     {"Arcsin", {"x"}, unary<arcsin>},
      {"Arctan", {"x"}, unary<arctan>},     {"Arctan2", {"x1", "x2"}, angleOf},
      {"Erfinv", {"x"}, unary<inverseErf>}, {"Gcd", {"x1", "x2"}, gcd},
      {"I0", {"x"}, unary<bessel0>},        {"Lcm", {"x1", "x2"}, lcm},
  };
  return entries;
}

} // namespace lamina::frontend::keras
