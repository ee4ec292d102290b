// The exponential family. All use exp(x) = 2^n exp(r) with the reduction of Cody and Waite
// ("Software Manual for the Elementary Functions", 1980, chapter 6) and a minimax polynomial for
// (exp(r) - 1 - r) / r^2.
#include <numbers>

#include "codegen/math/math_builder.h"
#include "codegen/math/vector_coefficients.h"

namespace lamina::codegen {

ExpReduction reduceForExp(MathBuilder &m, llvm::Value *x) {
  // Adding 1.5 2^mantissaBits leaves the nearest integer in the lowest bits of the sum. The upper
  // part of ln 2 has so few bits that its product with n is exact without FMA, too.
  llvm::Value *magic = m.constant(0x1.8p23, 0x1.8p52);
  llvm::Value *sum = m.fma(x, m.constant(std::numbers::log2e), magic);
  llvm::Value *n = m.sub(sum, magic);
  llvm::Value *upper = m.fma(n, m.constant(-0x1.62e4p-1, -0x1.62e42fefap-1), x);
  llvm::Value *lowLn2 = m.constant(-0x1.7f7d1cf79abcap-20, -0x1.cf79abc9e3b3ap-40);
  llvm::Value *r = m.fma(n, lowLn2, upper);
  llvm::Value *lost = m.fma(n, lowLn2, m.sub(upper, r));
  llvm::Value *shifted = m.builder().CreateShl(m.bits(sum), m.integer(m.mantissaBits()));
  return {shifted, r, lost};
}

llvm::Value *expm1OfReduced(MathBuilder &m, llvm::Value *r) {
  llvm::Value *tail = m.isF32() ? m.polynomial(expTailF32, r) : m.polynomial(expTailF64, r);
  return m.fma(m.mul(r, r), tail, r);
}

llvm::Value *expm1OfReduced(MathBuilder &m, llvm::Value *r, llvm::Value *lost) {
  if (m.isF32()) // gains nothing
    return expm1OfReduced(m, r);
  return m.add(m.fma(m.mul(r, r), m.polynomial(expTailF64, r), lost), r);
}

llvm::Value *powerOfTwo(MathBuilder &m, llvm::Value *shiftedN, double factor) {
  return m.fromBits(m.builder().CreateAdd(shiftedN, m.bits(m.constant(factor))));
}

namespace {

/// The largest argument whose exponential is finite, and the smallest whose is a normal number.
llvm::Value *expUpperBound(MathBuilder &m) {
  return m.constant(0x1.62e42ep6, 0x1.62e42fefa39efp9);
}
llvm::Value *expLowerBound(MathBuilder &m) {
  return m.constant(-0x1.5d589ep6, -0x1.6232bdd7abcd2p9);
}

/// `result` where x is at most the upper bound; infinity above, and NaN for NaN.
llvm::Value *overflowAbove(MathBuilder &m, llvm::Value *x, llvm::Value *result) {
  return m.select(m.lessEqual(x, expUpperBound(m)), result, m.add(x, m.infinity()));
}

} // namespace

llvm::Value *emitExp(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  ExpReduction exp = reduceForExp(m, x);
  llvm::Value *one = m.constant(1.0);
  llvm::Value *tail = m.isF32() ? m.polynomial(expTailF32, exp.r) : m.polynomial(expTailF64, exp.r);
  llvm::Value *y = m.fma(m.fma(tail, exp.r, one), exp.r, one);
  // 2^128 is not a number, so n goes to the exponent by integer addition.
  y = m.fromBits(b.CreateAdd(m.bits(y), exp.shiftedN));
  y = m.select(m.less(x, expLowerBound(m)), m.constant(0.0), y);
  return overflowAbove(m, x, y);
}

llvm::Value *expOfSum(MathBuilder &m, llvm::Value *high, llvm::Value *low) {
  ExpReduction exp = reduceForExp(m, high);
  llvm::Value *one = m.constant(1.0);
  // exp(r + d) - 1 = (exp(r) - 1) + d exp(r), since d^2 does not matter.
  llvm::Value *p = expm1OfReduced(m, exp.r);
  llvm::Value *y = m.add(one, m.fma(m.add(exp.lost, low), m.add(one, p), p));
  y = m.fromBits(m.builder().CreateAdd(m.bits(y), exp.shiftedN));
  // `low` may have carried the sum over the largest number, to the bit pattern of a NaN.
  y = m.select(m.isNan(y), m.infinity(), y);
  y = m.select(m.less(high, expLowerBound(m)), m.constant(0.0), y);
  return overflowAbove(m, high, y);
}

llvm::Value *emitExpm1(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  // Below the bound the result rounds to -1.
  llvm::Value *bounded = m.atLeast(x, m.constant(-20.0, -40.0));
  ExpReduction exp = reduceForExp(m, bounded);
  // Computed at half size, since 2^128 is not a number.
  llvm::Value *half = powerOfTwo(m, exp.shiftedN, 0.5);
  llvm::Value *y = m.fma(half, expm1OfReduced(m, exp.r, exp.lost), m.sub(half, m.constant(0.5)));
  // The least arguments are their own result; computed, they would be lost to underflow.
  y = m.select(m.less(m.abs(x), m.constant(0x1p-26, 0x1p-55)), x, m.add(y, y));
  return overflowAbove(m, x, y);
}

llvm::Value *emitLogistic(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  // Bounds within which 2^n is a normal number and beyond which 1 + exp(-x) rounds to 1.
  llvm::Value *bounded = m.atLeast(x, m.constant(-88.0, -709.0));
  bounded = m.atMost(bounded, m.constant(40.0));
  ExpReduction exp = reduceForExp(m, m.negate(bounded));
  llvm::Value *scale = powerOfTwo(m, exp.shiftedN, 1.0);
  // 1 + exp(-x) = (1 + 2^n) + 2^n (exp(r) - 1), rounded only once: what the first sum loses of the
  // one is added to the second term, and that is exact.
  llvm::Value *one = m.constant(1.0);
  llvm::Value *sum = m.add(one, scale);
  llvm::Value *ofOne = m.sub(one, m.sub(sum, scale));
  llvm::Value *denominator = m.add(sum, m.fma(scale, expm1OfReduced(m, exp.r), ofOne));
  llvm::Value *y = m.div(one, denominator);
  return m.select(m.less(x, expLowerBound(m)), m.constant(0.0), y);
}

llvm::Value *emitTanh(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  // tanh |x| = (1 - z) / (1 + z) with z = exp(-2 |x|); beyond the bound this rounds to 1. Numerator
  // and denominator are rounded once each: 1 ± 2^n is exact, or the rest does not matter.
  llvm::Value *a = m.abs(x);
  llvm::Value *minusTwice = m.negate(m.atMost(m.add(a, a), m.constant(20.0, 40.0)));
  ExpReduction exp = reduceForExp(m, minusTwice);
  llvm::Value *scale = powerOfTwo(m, exp.shiftedN, 1.0);
  llvm::Value *one = m.constant(1.0);
  llvm::Value *tail = m.mul(scale, expm1OfReduced(m, exp.r, exp.lost));
  llvm::Value *numerator = m.sub(m.sub(one, scale), tail);
  llvm::Value *denominator = m.add(m.add(one, scale), tail);
  return m.copySign(m.div(numerator, denominator), x);
}

} // namespace lamina::codegen
