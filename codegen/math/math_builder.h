#pragma once

#include <cstdint>
#include <span>

#include "llvm/IR/IRBuilder.h"

#include "codegen/math/vector_math.h"

namespace lamina::codegen {

/// The few operations that all functions of vector_math are written in: floating-point arithmetic
/// on values of one type, f32 or f64, and integer arithmetic on their bit patterns. Fast-math flags
/// of the underlying builder are put aside while it lives.
class MathBuilder {
public:
  using Value = llvm::Value;

  /// Works on values of the floating-point type `type`, scalar or fixed vector.
  MathBuilder(llvm::IRBuilderBase &builder, const MathContext &context, llvm::Type *type);

  bool isF32() const { return type_->getScalarType()->isFloatTy(); }
  llvm::Type *type() const { return type_; }
  llvm::IRBuilderBase &builder() { return b_; }
  const MathContext &context() const { return context_; }

  /// Bits of the stored mantissa: 23 or 52.
  unsigned mantissaBits() const { return isF32() ? 23 : 52; }

  Value *constant(double value) const;
  /// The value for f32 or the one for f64.
  Value *constant(double single, double full) const { return constant(isF32() ? single : full); }
  Value *infinity() const;
  Value *nan() const;

  Value *add(Value *x, Value *y) { return b_.CreateFAdd(x, y); }
  Value *sub(Value *x, Value *y) { return b_.CreateFSub(x, y); }
  Value *mul(Value *x, Value *y) { return b_.CreateFMul(x, y); }
  Value *div(Value *x, Value *y) { return b_.CreateFDiv(x, y); }
  Value *negate(Value *x) { return b_.CreateFNeg(x); }
  /// x y + z, rounded once with FMA and twice without.
  Value *fma(Value *x, Value *y, Value *z);
  /// c[0] + c[1] x + c[2] x^2 + …, by Horner's rule.
  Value *polynomial(std::span<const double> c, Value *x);

  Value *less(Value *x, Value *y) { return b_.CreateFCmpOLT(x, y); }
  Value *lessEqual(Value *x, Value *y) { return b_.CreateFCmpOLE(x, y); }
  Value *equal(Value *x, Value *y) { return b_.CreateFCmpOEQ(x, y); }
  Value *isNan(Value *x) { return b_.CreateFCmpUNO(x, x); }
  Value *select(Value *condition, Value *x, Value *y) { return b_.CreateSelect(condition, x, y); }
  /// The smaller (larger) of x and a bound; NaN stays NaN. One instruction on x86.
  Value *atMost(Value *x, Value *bound) { return select(less(bound, x), bound, x); }
  Value *atLeast(Value *x, Value *bound) { return select(less(x, bound), bound, x); }

  Value *abs(Value *x) { return b_.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); }
  /// |magnitude| with the sign of `sign`.
  Value *copySign(Value *magnitude, Value *sign);
  /// Gives x, which is +0 or already has the sign of `sign`, that sign.
  Value *orSign(Value *x, Value *sign);

  /// The integer type of the same shape and width.
  llvm::Type *bitsType() const { return bitsType_; }
  Value *bits(Value *x) { return b_.CreateBitCast(x, bitsType_); }
  Value *fromBits(Value *x) { return b_.CreateBitCast(x, type_); }
  Value *integer(uint64_t value) const { return llvm::ConstantInt::get(bitsType_, value); }
  Value *signMask() const { return integer(1ull << (isF32() ? 31 : 63)); }

private:
  llvm::IRBuilderBase &b_;
  llvm::IRBuilderBase::FastMathFlagGuard flags_;
  MathContext context_;
  llvm::Type *type_, *bitsType_;
};

/// x = n ln 2 + r with an integer n and |r| <= ln(2) / 2, so that exp(x) = 2^n exp(r).
struct ExpReduction {
  llvm::Value *shiftedN; ///< n, shifted to the exponent's bits
  llvm::Value *r;
  llvm::Value *lost; ///< what r lost by rounding: r + lost is exact for most purposes
};

/// Valid while 2^n is a normal number.
ExpReduction reduceForExp(MathBuilder &m, llvm::Value *x);

/// exp(r) - 1 for |r| <= ln(2) / 2.
llvm::Value *expm1OfReduced(MathBuilder &m, llvm::Value *r);
/// exp(r + lost) - 1.
llvm::Value *expm1OfReduced(MathBuilder &m, llvm::Value *r, llvm::Value *lost);

/// exp(high + low) for a finite f64 `high` and a `low` below its last place.
llvm::Value *expOfSum(MathBuilder &m, llvm::Value *high, llvm::Value *low);

/// factor * 2^n for a power of two `factor`.
llvm::Value *powerOfTwo(MathBuilder &m, llvm::Value *shiftedN, double factor);

/// x = 2^exponent mantissa.
struct BinaryParts {
  llvm::Value *mantissa;
  llvm::Value *exponent;        ///< as a floating-point number
  llvm::Value *shiftedExponent; ///< in its place in the bit pattern
};

/// For a normal x > 0; the mantissa is in [3/4, 3/2) for f32 and in [sqrt(1/2), sqrt(2)) for f64.
BinaryParts splitExponent(MathBuilder &m, llvm::Value *x);

} // namespace lamina::codegen
