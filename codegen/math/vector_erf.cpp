// The error function: near zero erf(x) = x + x S(x^2); elsewhere 1 - exp(-W(x)) with the smooth
// function W(x) = -log(erfc(x)) = x + x L(x). S and L are minimax polynomials. Both branches are
// computed and one is selected.
#include "codegen/math/math_builder.h"
#include "codegen/math/vector_coefficients.h"

namespace lamina::codegen {

namespace {

/// a + a tail. Without FMA the product would underflow for the least arguments.
llvm::Value *aroundZero(MathBuilder &m, llvm::Value *a, llvm::Value *tail) {
  return m.context().hasFma ? m.fma(a, tail, a) : m.mul(a, m.add(m.constant(1.0), tail));
}

/// 1 - exp(-w) for w in [0.1, 45].
llvm::Value *oneMinusExp(MathBuilder &m, llvm::Value *w) {
  ExpReduction exp = reduceForExp(m, m.negate(w));
  llvm::Value *scale = powerOfTwo(m, exp.shiftedN, 1.0);
  llvm::Value *one = m.constant(1.0);
  return m.fma(m.negate(scale), expm1OfReduced(m, exp.r), m.sub(one, scale));
}

} // namespace

llvm::Value *emitErf(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  // Beyond the bound erf rounds to 1; the borders are those the polynomials were fitted for.
  llvm::Value *a = m.atMost(m.abs(x), m.constant(4.0, 6.0));
  llvm::Value *square = m.mul(a, a);
  llvm::Value *small, *tail;
  if (m.isF32()) {
    small = aroundZero(m, a, m.polynomial(erfSmallF32, square));
    tail = m.polynomial(erfLargeF32, a);
  } else {
    small = aroundZero(m, a, m.polynomial(erfSmallF64, square));
    tail = m.polynomial(erfLargeF64, m.sub(a, m.constant(3.0)));
  }
  llvm::Value *large = oneMinusExp(m, m.fma(a, tail, a));
  llvm::Value *y = m.select(m.less(m.constant(0.84, 1.0), a), large, small);
  return m.copySign(y, x);
}

} // namespace lamina::codegen
