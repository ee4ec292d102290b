// |x|^y = exp(y log |x|), with the logarithm to more bits than the result has: for f32 all is
// computed in f64, for f64 the logarithm and its product with y are sums of two numbers.
#include <span>

#include "codegen/expressions/exact_arithmetic.h"
#include "codegen/math/math_builder.h"
#include "codegen/math/vector_coefficients.h"

namespace lamina::codegen {

namespace {

/// f / (2 + f), to about 2^-104.
Pair divideByTwoPlus(MathBuilder &m, llvm::Value *f) {
  llvm::Value *two = m.constant(2.0);
  llvm::Value *d = m.add(f, two);
  llvm::Value *dLow = m.sub(f, m.sub(d, two));
  llvm::Value *high = m.div(f, d);
  Pair product = twoProduct(m, high, d);
  llvm::Value *rest = m.sub(m.sub(f, product.high), product.low);
  rest = m.sub(rest, m.mul(high, dLow));
  return {high, m.div(rest, d)};
}

/// 2 atanh(s) - 2 s = s^3 P(s^2), to about 2^-65 of the whole logarithm.
Pair logTail(MathBuilder &m, Pair s) {
  Pair z = twoProduct(m, s.high, s.high);
  llvm::Value *cross = m.mul(s.high, s.low);
  z.low = m.add(z.low, m.add(cross, cross));
  Pair cube = twoProduct(m, s.high, z.high);
  cube.low = m.add(cube.low, m.add(m.mul(s.high, z.low), m.mul(s.low, z.high)));
  llvm::Value *first = m.constant(logTailLong[0]);
  Pair tail = twoProduct(m, cube.high, first);
  llvm::Value *rest =
      m.mul(z.high, m.polynomial(std::span<const double>(logTailLong).subspan(1), z.high));
  tail.low = m.add(tail.low, m.add(m.mul(cube.low, first), m.mul(cube.high, rest)));
  return tail;
}

/// log(x) for a normal x > 0.
Pair longLog(MathBuilder &m, llvm::Value *x) {
  BinaryParts parts = splitExponent(m, x);
  Pair s = divideByTwoPlus(m, m.sub(parts.mantissa, m.constant(1.0)));
  Pair tail = logTail(m, s);
  llvm::Value *twice = m.add(s.high, s.high);
  // The upper part of ln 2 has so few bits that its product with the exponent is exact.
  Pair sum = twoSum(m, m.mul(parts.exponent, m.constant(0x1.62e42fefa38p-1)), twice);
  Pair all = twoSum(m, sum.high, tail.high);
  llvm::Value *low = m.add(m.add(s.low, s.low), tail.low);
  low = m.add(low, m.mul(parts.exponent, m.constant(0x1.ef35793c7673p-45)));
  low = m.add(low, m.add(sum.low, all.low));
  llvm::Value *high = m.add(all.high, low);
  return {high, m.sub(low, m.sub(high, all.high))};
}

/// x^y for a normal x > 0, f64.
llvm::Value *powOfNormalF64(MathBuilder &m, llvm::Value *x, llvm::Value *y) {
  // |log x| is at least 2^-53 or zero, so that beyond the bound the result is 0, 1 or infinity;
  // the bound keeps `split` from overflowing.
  llvm::Value *bounded = m.atLeast(m.atMost(y, m.constant(0x1p65)), m.constant(-0x1p65));
  Pair logarithm = longLog(m, x);
  Pair product = twoProduct(m, bounded, logarithm.high);
  llvm::Value *low = m.add(product.low, m.mul(bounded, logarithm.low));
  return expOfSum(m, product.high, low);
}

llvm::Value *powOfNormalF32(MathBuilder &m, llvm::Value *x, llvm::Value *y) {
  llvm::IRBuilderBase &b = m.builder();
  llvm::Type *wide = m.type()->getWithNewType(b.getDoubleTy());
  llvm::Value *logarithm = emitLog(b, m.context(), b.CreateFPExt(x, wide));
  llvm::Value *product = b.CreateFMul(b.CreateFPExt(y, wide), logarithm);
  return b.CreateFPTrunc(emitExp(b, m.context(), product), m.type());
}

/// The results that the formula does not give, as C's pow has them.
llvm::Value *specialCases(MathBuilder &m, llvm::Value *x, llvm::Value *y, llvm::Value *result) {
  llvm::IRBuilderBase &b = m.builder();
  const MathContext &math = m.context();
  llvm::Value *zero = m.constant(0.0), *one = m.constant(1.0), *infinity = m.infinity();
  llvm::Value *magnitude = m.abs(x);
  llvm::Value *ofZero = m.select(m.less(y, zero), infinity, zero);
  llvm::Value *ofInfinity = m.select(m.less(y, zero), zero, infinity);
  result = m.select(m.less(magnitude, m.constant(0x1p-126, 0x1p-1022)), ofZero, result);
  result = m.select(m.equal(magnitude, infinity), ofInfinity, result);
  result = m.select(m.equal(magnitude, one), one, result);

  llvm::Value *half = m.mul(y, m.constant(0.5));
  llvm::Value *isInteger = m.equal(emitFloor(b, math, y), y);
  llvm::Value *isEven = m.equal(emitFloor(b, math, half), half);
  llvm::Value *isOdd = b.CreateAnd(isInteger, b.CreateNot(isEven));
  result = m.select(isOdd, m.copySign(result, x), result);
  llvm::Value *finiteNegative = b.CreateAnd(m.less(x, zero), m.less(magnitude, infinity));
  result = m.select(b.CreateAnd(finiteNegative, b.CreateNot(isInteger)), m.nan(), result);
  result = m.select(b.CreateFCmpUNO(x, y), m.add(x, y), result);
  return m.select(b.CreateOr(m.equal(x, one), m.equal(y, zero)), one, result);
}

} // namespace

llvm::Value *emitPow(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x,
                     llvm::Value *y) {
  MathBuilder m(b, math, x->getType());
  llvm::Value *magnitude = m.abs(x);
  llvm::Value *result =
      m.isF32() ? powOfNormalF32(m, magnitude, y) : powOfNormalF64(m, magnitude, y);
  return specialCases(m, x, y, result);
}

} // namespace lamina::codegen
