// Roundings to integers, absolute value, sign and square roots. x86 before SSE4.1 has no rounding
// instructions, and LLVM would call the C library: there, adding and subtracting 2^mantissaBits
// rounds to the nearest integer, which is then corrected.
#include "codegen/math/math_builder.h"

namespace lamina::codegen {

namespace {

/// |x| rounded to the nearest integer, halves to even. Numbers from 2^mantissaBits up are integers;
/// these and NaN pass through.
llvm::Value *roundMagnitude(MathBuilder &m, llvm::Value *magnitude) {
  llvm::Value *limit = m.constant(0x1p23, 0x1p52);
  llvm::Value *rounded = m.sub(m.add(magnitude, limit), limit);
  return m.select(m.less(magnitude, limit), rounded, magnitude);
}

/// `value` - 1 where the condition holds.
llvm::Value *subtractOneIf(MathBuilder &m, llvm::Value *condition, llvm::Value *value) {
  return m.sub(value, m.select(condition, m.constant(1.0), m.constant(0.0)));
}

llvm::Value *floorWithoutInstruction(MathBuilder &m, llvm::Value *x) {
  llvm::Value *rounded = m.copySign(roundMagnitude(m, m.abs(x)), x);
  return subtractOneIf(m, m.less(x, rounded), rounded);
}

llvm::Value *truncWithoutInstruction(MathBuilder &m, llvm::Value *x) {
  llvm::Value *magnitude = m.abs(x);
  llvm::Value *rounded = roundMagnitude(m, magnitude);
  return m.copySign(subtractOneIf(m, m.less(magnitude, rounded), rounded), x);
}

} // namespace

llvm::Value *emitFloor(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  if (math.hasSse41)
    return b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, x);
  return floorWithoutInstruction(m, x);
}

llvm::Value *emitCeil(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  if (math.hasSse41)
    return b.CreateUnaryIntrinsic(llvm::Intrinsic::ceil, x);
  return m.negate(floorWithoutInstruction(m, m.negate(x)));
}

llvm::Value *emitTrunc(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  if (math.hasSse41)
    return b.CreateUnaryIntrinsic(llvm::Intrinsic::trunc, x);
  return truncWithoutInstruction(m, x);
}

llvm::Value *emitRoundEven(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  if (math.hasSse41)
    return b.CreateUnaryIntrinsic(llvm::Intrinsic::roundeven, x);
  return m.copySign(roundMagnitude(m, m.abs(x)), x);
}

llvm::Value *emitRoundAway(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  llvm::Value *truncated = emitTrunc(b, math, x);
  // The distance is exact, unlike x + 1/2.
  llvm::Value *distance = m.abs(m.sub(x, truncated));
  llvm::Value *away = m.add(truncated, m.copySign(m.constant(1.0), x));
  return m.select(m.lessEqual(m.constant(0.5), distance), away, truncated);
}

llvm::Value *emitAbs(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  return MathBuilder(b, math, x->getType()).abs(x);
}

llvm::Value *emitSign(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  llvm::Value *isZeroOrNan = b.CreateFCmpUEQ(x, m.constant(0.0));
  return m.select(isZeroOrNan, x, m.copySign(m.constant(1.0), x));
}

llvm::Value *emitSqrt(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  return b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
}

llvm::Value *emitRsqrt(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  return m.div(m.constant(1.0), b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x));
}

} // namespace lamina::codegen
