// Logarithms: x = 2^e (1 + f) with 1 + f near 1, log(x) = e ln 2 + log(1 + f).
#include <numbers>

#include "codegen/math/math_builder.h"
#include "codegen/math/vector_coefficients.h"

namespace lamina::codegen {

namespace {

/// log(1 + f) + e ln 2 for f in [-1/4, 1/2], by a minimax polynomial for (log(1 + f) - f) / f^2.
llvm::Value *logOfReducedF32(MathBuilder &m, llvm::Value *f, llvm::Value *e) {
  llvm::Value *y = m.fma(m.mul(f, f), m.polynomial(logTailF32, f), f);
  return m.fma(e, m.constant(std::numbers::ln2), y);
}

/// The same to f64's accuracy for f in [sqrt(1/2) - 1, sqrt(2) - 1], by the series in
/// s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - (f^2/2 - s (f^2/2 + R(s^2))). `correction` is a
/// small number to be added to log(1 + f).
llvm::Value *logOfReducedF64(MathBuilder &m, llvm::Value *f, llvm::Value *e,
                             llvm::Value *correction) {
  llvm::Value *s = m.div(f, m.add(f, m.constant(2.0)));
  llvm::Value *z = m.mul(s, s);
  llvm::Value *tail = m.mul(z, m.polynomial(logTailF64, z));
  llvm::Value *halfSquare = m.mul(m.mul(f, m.constant(0.5)), f);
  // The upper part of ln 2 has so few bits that its product with e is exact.
  llvm::Value *low = m.fma(e, m.constant(0x1.ef35793c7673p-45), correction);
  llvm::Value *inner = m.fma(s, m.add(halfSquare, tail), low);
  llvm::Value *y = m.sub(f, m.sub(halfSquare, inner));
  return m.fma(e, m.constant(0x1.62e42fefa38p-1), y);
}

/// Multiplies by 2^-e.
llvm::Value *unscale(MathBuilder &m, llvm::Value *x, llvm::Value *shiftedE) {
  return m.fromBits(m.builder().CreateSub(m.bits(x), shiftedE));
}

/// The exponent as a floating-point number. AVX2 has neither arithmetic shifts nor conversions of
/// 64-bit integers: there the number is put together from bits as 2^52 + bias + e, less the former.
llvm::Value *exponentNumber(MathBuilder &m, llvm::Value *shiftedE) {
  llvm::IRBuilderBase &b = m.builder();
  if (m.isF32())
    return m.mul(b.CreateSIToFP(shiftedE, m.type()), m.constant(0x1p-23));
  constexpr uint64_t bias = 2048;
  llvm::Value *biased = b.CreateAdd(shiftedE, m.integer(bias << 52));
  llvm::Value *number = b.CreateOr(b.CreateLShr(biased, m.integer(52)), m.bits(m.constant(0x1p52)));
  return m.sub(m.fromBits(number), m.constant(0x1p52 + bias));
}

} // namespace

BinaryParts splitExponent(MathBuilder &m, llvm::Value *x) {
  llvm::IRBuilderBase &b = m.builder();
  llvm::Value *start = m.constant(0.75, 0x1.6a09e667f3bcdp-1);
  llvm::Value *exponentMask = m.integer(~((1ull << m.mantissaBits()) - 1));
  llvm::Value *shifted = b.CreateAnd(b.CreateSub(m.bits(x), m.bits(start)), exponentMask);
  return {unscale(m, x, shifted), exponentNumber(m, shifted), shifted};
}

llvm::Value *emitLog(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  BinaryParts parts = splitExponent(m, x);
  llvm::Value *f = m.sub(parts.mantissa, m.constant(1.0));
  llvm::Value *y = m.isF32() ? logOfReducedF32(m, f, parts.exponent)
                             : logOfReducedF64(m, f, parts.exponent, m.constant(0.0));
  // Zero and denormals, negative numbers, infinity and NaN.
  llvm::Value *low = m.select(m.less(x, m.constant(0.0)), m.nan(), m.negate(m.infinity()));
  y = m.select(m.less(x, m.infinity()), y, x);
  return m.select(m.less(x, m.constant(0x1p-126, 0x1p-1022)), low, y);
}

llvm::Value *emitLog1p(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  llvm::Value *one = m.constant(1.0), *minusOne = m.constant(-1.0);
  llvm::Value *u = m.add(x, one);
  BinaryParts parts = splitExponent(m, u);
  llvm::Value *y;
  if (m.isF32()) {
    // 2^-e (1 + x) - 1 from x itself, so that nothing of it is lost in the sum 1 + x; 4 2^-e is a
    // normal number for every e.
    llvm::Value *scale = unscale(m, m.constant(4.0), parts.shiftedExponent);
    llvm::Value *f =
        m.add(unscale(m, x, parts.shiftedExponent), m.fma(scale, m.constant(0.25), minusOne));
    y = logOfReducedF32(m, f, parts.exponent);
  } else {
    llvm::Value *lost = m.select(m.less(x, one), m.sub(x, m.sub(u, one)), m.sub(one, m.sub(u, x)));
    y = logOfReducedF64(m, m.sub(parts.mantissa, one), parts.exponent, m.div(lost, u));
  }
  llvm::Value *low = m.select(m.less(x, minusOne), m.nan(), m.negate(m.infinity()));
  y = m.select(m.less(x, m.infinity()), m.orSign(y, x), x);
  return m.select(m.lessEqual(x, minusOne), low, y);
}

} // namespace lamina::codegen
