#pragma once

#include "llvm/IR/IRBuilder.h"

#include "codegen/target/target.h"

namespace lamina::codegen {

/// Instructions that the emitters below may use. Results differ in the last bits between
/// contexts; within one they depend on nothing but the argument.
struct MathContext {
  bool hasFma = false;
  bool hasSse41 = false; ///< vector rounding instructions

  MathContext() = default;
  explicit MathContext(const TargetSpec &target)
      : hasFma(target.hasFma), hasSse41(target.hasSse41) {}
};

/// Every emitter takes a scalar or fixed vector of f32 or f64 and returns a value of that type. The
/// code is free of branches and of library calls (it can be part of a freestanding object), every
/// multiply-add is an explicit llvm.fma when the context has FMA and a multiplication and an
/// addition otherwise, and no fast-math flags are used.
///
/// Accuracy: the error is at most 2 units in the last place for every argument; ±0, infinities and
/// NaN give what C's functions give. Code is expected to run with denormals flushed to zero: a
/// denormal argument may count as zero, and a result below the smallest normal number may be zero.

llvm::Value *emitExp(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitExpm1(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitLog(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitLog1p(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitTanh(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitErf(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);

/// The sigmoid 1 / (1 + exp(-x)).
llvm::Value *emitLogistic(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);

/// x to the power y, with all special cases of C's pow.
llvm::Value *emitPow(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x,
                     llvm::Value *y);

llvm::Value *emitSin(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitCos(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitTan(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);

/// Correctly rounded.
llvm::Value *emitSqrt(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
/// 1 / sqrt(x) as a division, never the processor's estimate.
llvm::Value *emitRsqrt(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);

/// Exact roundings to integers. They keep the sign of zero, as C's functions do.
llvm::Value *emitFloor(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitCeil(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
llvm::Value *emitTrunc(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
/// Halves go to the even neighbour (Keras' and NumPy's `round`).
llvm::Value *emitRoundEven(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
/// Halves go away from zero (C's `round`).
llvm::Value *emitRoundAway(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);

llvm::Value *emitAbs(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);
/// -1, ±0, 1; NaN stays NaN.
llvm::Value *emitSign(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x);

} // namespace lamina::codegen
