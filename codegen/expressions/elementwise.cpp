#include "codegen/expressions/elementwise.h"

#include "codegen/expressions/expression.h"
#include "codegen/math/vector_math.h"
#include "ir/dialect.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

namespace lamina::codegen {
namespace {

using Builder = llvm::IRBuilder<>;
using Operands = llvm::ArrayRef<llvm::Value *>;

bool isUnsignedType(mlir::Type type) {
  return mlir::getElementTypeOrSelf(type).isUnsignedInteger();
}

bool isFloat(llvm::Value *x) {
  return x->getType()->isFPOrFPVectorTy();
}

llvm::Constant *number(llvm::Value *like, int64_t value) {
  return isFloat(like) ? llvm::ConstantFP::get(like->getType(), static_cast<double>(value))
                       : llvm::ConstantInt::get(like->getType(), value, true);
}

using MathFunction = llvm::Value *(*)(llvm::IRBuilderBase &, const MathContext &, llvm::Value *);

/// Functions of one float operand; null for other operations.
MathFunction mathFunction(mlir::Operation *op) {
  using namespace ir;
  return llvm::TypeSwitch<mlir::Operation *, MathFunction>(op)
      .Case<CeilOp>([](auto) { return emitCeil; })
      .Case<CosineOp>([](auto) { return emitCos; })
      .Case<ErfOp>([](auto) { return emitErf; })
      .Case<ExponentialOp>([](auto) { return emitExp; })
      .Case<ExponentialMinusOneOp>([](auto) { return emitExpm1; })
      .Case<FloorOp>([](auto) { return emitFloor; })
      .Case<LogOp>([](auto) { return emitLog; })
      .Case<LogPlusOneOp>([](auto) { return emitLog1p; })
      .Case<LogisticOp>([](auto) { return emitLogistic; })
      .Case<RoundNearestEvenOp>([](auto) { return emitRoundEven; })
      .Case<RsqrtOp>([](auto) { return emitRsqrt; })
      .Case<SineOp>([](auto) { return emitSin; })
      .Case<SqrtOp>([](auto) { return emitSqrt; })
      .Case<TanOp>([](auto) { return emitTan; })
      .Case<TanhOp>([](auto) { return emitTanh; })
      .Default([](auto) { return nullptr; });
}

llvm::Value *emitUnary(Builder &b, const MathContext &math, mlir::Operation *op, llvm::Value *x) {
  if (MathFunction function = mathFunction(op))
    return function(b, math, x);
  bool isUnsigned = isUnsignedType(op->getResult(0).getType());
  llvm::Constant *zero = number(x, 0);
  return llvm::TypeSwitch<mlir::Operation *, llvm::Value *>(op)
      .Case<ir::AbsOp>([&](auto) -> llvm::Value * {
        if (isFloat(x))
          return emitAbs(b, math, x);
        return isUnsigned ? x : b.CreateSelect(b.CreateICmpSLT(x, zero), b.CreateNeg(x), x);
      })
      .Case<ir::NegateOp>([&](auto) { return isFloat(x) ? b.CreateFNeg(x) : b.CreateNeg(x); })
      .Case<ir::NotOp>([&](auto) { return b.CreateNot(x); })
      .Case<ir::SignOp>([&](auto) -> llvm::Value * {
        if (isFloat(x))
          return emitSign(b, math, x);
        llvm::Value *positive = isUnsigned ? b.CreateICmpNE(x, zero) : b.CreateICmpSGT(x, zero);
        llvm::Value *negative = isUnsigned ? static_cast<llvm::Value *>(zero)
                                           : b.CreateSExt(b.CreateICmpSLT(x, zero), x->getType());
        return b.CreateOr(b.CreateZExt(positive, x->getType()), negative);
      });
}

/// Integer division by zero gives -1 and the remainder the dividend; the overflow of the smallest
/// integer divided by -1 wraps. No operand may reach the processor's trap.
llvm::Value *emitIntegerDivision(Builder &b, llvm::Value *x, llvm::Value *y, bool isUnsigned,
                                 bool remainder) {
  llvm::Constant *zero = number(x, 0), *one = number(x, 1), *minusOne = number(x, -1);
  llvm::Value *byZero = b.CreateICmpEQ(y, zero);
  llvm::Value *byMinusOne =
      isUnsigned ? llvm::ConstantInt::getFalse(byZero->getType()) : b.CreateICmpEQ(y, minusOne);
  llvm::Value *safe = b.CreateSelect(b.CreateOr(byZero, byMinusOne), one, y);
  llvm::Value *result = remainder ? (isUnsigned ? b.CreateURem(x, safe) : b.CreateSRem(x, safe))
                                  : (isUnsigned ? b.CreateUDiv(x, safe) : b.CreateSDiv(x, safe));
  if (remainder)
    return b.CreateSelect(byZero, x, result);
  result = b.CreateSelect(byMinusOne, b.CreateNeg(x), result);
  return b.CreateSelect(byZero, minusOne, result);
}

/// x - y * trunc(x / y), exact as C's fmod when the quotient is small; computed in double precision
/// for f32, in which one step of correction makes it exact for quotients below 2^53.
llvm::Value *emitFloatRemainder(Builder &b, const MathContext &math, llvm::Value *x,
                                llvm::Value *y) {
  llvm::Type *type = x->getType();
  bool single = type->getScalarType()->isFloatTy();
  llvm::Type *wide = b.getDoubleTy();
  if (auto *vector = llvm::dyn_cast<llvm::FixedVectorType>(type))
    wide = llvm::FixedVectorType::get(wide, vector->getNumElements());
  llvm::Value *a = single ? b.CreateFPExt(x, wide) : x, *d = single ? b.CreateFPExt(y, wide) : y;
  llvm::Value *magnitude = emitAbs(b, math, d);
  llvm::Value *quotient = emitTrunc(b, math, b.CreateFDiv(emitAbs(b, math, a), magnitude));
  llvm::Value *rest = b.CreateFSub(emitAbs(b, math, a), b.CreateFMul(quotient, magnitude));
  llvm::Constant *zero = llvm::ConstantFP::get(wide, 0.0);
  rest = b.CreateSelect(b.CreateFCmpOLT(rest, zero), b.CreateFAdd(rest, magnitude), rest);
  rest = b.CreateSelect(b.CreateFCmpOGE(rest, magnitude), b.CreateFSub(rest, magnitude), rest);
  llvm::Constant *infinity = llvm::ConstantFP::getInfinity(wide);
  llvm::Value *finite = b.CreateFCmpOLT(emitAbs(b, math, a), infinity);
  llvm::Value *byInfinity = b.CreateAnd(b.CreateFCmpOEQ(magnitude, infinity), finite);
  rest = b.CreateSelect(byInfinity, emitAbs(b, math, a), rest);
  llvm::Value *result = single ? b.CreateFPTrunc(rest, type) : rest;
  return b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, result, x);
}

llvm::Value *emitBinary(Builder &b, const MathContext &math, mlir::Operation *op, llvm::Value *x,
                        llvm::Value *y) {
  bool isUnsigned = isUnsignedType(op->getOperand(0).getType());
  bool floating = isFloat(x);
  return llvm::TypeSwitch<mlir::Operation *, llvm::Value *>(op)
      .Case<ir::AddOp>([&](auto) { return floating ? b.CreateFAdd(x, y) : b.CreateAdd(x, y); })
      .Case<ir::SubtractOp>([&](auto) { return floating ? b.CreateFSub(x, y) : b.CreateSub(x, y); })
      .Case<ir::MultiplyOp>([&](auto) { return floating ? b.CreateFMul(x, y) : b.CreateMul(x, y); })
      .Case<ir::DivideOp>([&](auto) {
        return floating ? b.CreateFDiv(x, y) : emitIntegerDivision(b, x, y, isUnsigned, false);
      })
      .Case<ir::RemainderOp>([&](auto) {
        return floating ? emitFloatRemainder(b, math, x, y)
                        : emitIntegerDivision(b, x, y, isUnsigned, true);
      })
      .Case<ir::MaximumOp>([&](auto) { return emitMaximum(b, x, y, isUnsigned); })
      .Case<ir::MinimumOp>([&](auto) { return emitMinimum(b, x, y, isUnsigned); })
      .Case<ir::PowerOp>([&](auto) { return emitPow(b, math, x, y); })
      .Case<ir::AndOp>([&](auto) { return b.CreateAnd(x, y); })
      .Case<ir::OrOp>([&](auto) { return b.CreateOr(x, y); })
      .Case<ir::XorOp>([&](auto) { return b.CreateXor(x, y); })
      .Case<ir::ShiftRightLogicalOp>([&](auto) {
        llvm::Constant *width = number(x, x->getType()->getScalarSizeInBits());
        llvm::Value *inRange = b.CreateICmpULT(y, width);
        llvm::Value *amount = b.CreateSelect(inRange, y, number(x, 0));
        return b.CreateSelect(inRange, b.CreateLShr(x, amount), number(x, 0));
      });
}

llvm::Value *emitCompare(Builder &b, ir::CompareOp op, llvm::Value *x, llvm::Value *y) {
  using Direction = ir::ComparisonDirection;
  using Predicate = llvm::CmpInst::Predicate;
  struct Row {
    Direction direction;
    Predicate floating, isSigned, isUnsigned;
  };
  static constexpr Row rows[] = {
      {Direction::EQ, Predicate::FCMP_OEQ, Predicate::ICMP_EQ, Predicate::ICMP_EQ},
      {Direction::NE, Predicate::FCMP_UNE, Predicate::ICMP_NE, Predicate::ICMP_NE},
      {Direction::GE, Predicate::FCMP_OGE, Predicate::ICMP_SGE, Predicate::ICMP_UGE},
      {Direction::GT, Predicate::FCMP_OGT, Predicate::ICMP_SGT, Predicate::ICMP_UGT},
      {Direction::LE, Predicate::FCMP_OLE, Predicate::ICMP_SLE, Predicate::ICMP_ULE},
      {Direction::LT, Predicate::FCMP_OLT, Predicate::ICMP_SLT, Predicate::ICMP_ULT}};
  const Row *row =
      llvm::find_if(rows, [&](const Row &r) { return r.direction == op.getDirection(); });
  if (isFloat(x))
    return b.CreateFCmp(row->floating, x, y);
  mlir::Type element = op.getLhs().getType().getElementType();
  bool isUnsigned = element.isUnsignedInteger() || element.isInteger(1);
  return b.CreateICmp(isUnsigned ? row->isUnsigned : row->isSigned, x, y);
}

llvm::Value *emitConvert(Builder &b, ir::ConvertOp op, llvm::Value *x) {
  mlir::Type from = op.getOperand().getType().getElementType();
  mlir::Type to = op.getType().getElementType();
  llvm::Type *type = registerType(b.getContext(), to);
  if (auto *vector = llvm::dyn_cast<llvm::FixedVectorType>(x->getType()))
    type = llvm::FixedVectorType::get(type, vector->getNumElements());
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  if (to.isInteger(1))
    return isFloat(x) ? b.CreateFCmpUNE(x, number(x, 0)) : b.CreateICmpNE(x, number(x, 0));
  if (isFloat(x) && type->isFPOrFPVectorTy())
    return b.CreateFPCast(x, type);
  if (isFloat(x))
    return b.CreateIntrinsic(to.isUnsignedInteger() ? llvm::Intrinsic::fptoui_sat
                                                    : llvm::Intrinsic::fptosi_sat,
                             {type, x->getType()}, {x});
  if (type->isFPOrFPVectorTy())
    return fromUnsigned ? b.CreateUIToFP(x, type) : b.CreateSIToFP(x, type);
  return fromUnsigned ? b.CreateZExtOrTrunc(x, type) : b.CreateSExtOrTrunc(x, type);
}

/// x where the ordered comparison holds, otherwise y, and any NaN among them.
llvm::Value *emitExtremum(Builder &b, llvm::Value *x, llvm::Value *y, bool isUnsigned,
                          bool largest) {
  if (isFloat(x)) {
    // On x86 the comparison and selection are one instruction, which gives y when either is NaN.
    llvm::Value *ordered =
        b.CreateSelect(largest ? b.CreateFCmpOGT(x, y) : b.CreateFCmpOLT(x, y), x, y);
    return b.CreateSelect(b.CreateFCmpUNO(x, x), x, ordered);
  }
  llvm::Intrinsic::ID id = largest ? (isUnsigned ? llvm::Intrinsic::umax : llvm::Intrinsic::smax)
                                   : (isUnsigned ? llvm::Intrinsic::umin : llvm::Intrinsic::smin);
  return b.CreateBinaryIntrinsic(id, x, y);
}

} // namespace

llvm::Value *emitMaximum(Builder &b, llvm::Value *x, llvm::Value *y, bool isUnsigned) {
  return emitExtremum(b, x, y, isUnsigned, /*largest=*/true);
}

llvm::Value *emitMinimum(Builder &b, llvm::Value *x, llvm::Value *y, bool isUnsigned) {
  return emitExtremum(b, x, y, isUnsigned, /*largest=*/false);
}

llvm::Value *emitIsLarger(Builder &b, llvm::Value *challenger, llvm::Value *best, bool isUnsigned) {
  if (!isFloat(challenger))
    return isUnsigned ? b.CreateICmpUGT(challenger, best) : b.CreateICmpSGT(challenger, best);
  return b.CreateAnd(b.CreateFCmpUGT(challenger, best), b.CreateFCmpORD(best, best));
}

llvm::Constant *extremeNumber(llvm::Type *type, bool isUnsigned, bool largest) {
  if (type->isFloatingPointTy())
    return llvm::ConstantFP::getInfinity(type, !largest);
  unsigned bits = type->getIntegerBitWidth();
  llvm::APInt low = isUnsigned ? llvm::APInt::getZero(bits) : llvm::APInt::getSignedMinValue(bits);
  llvm::APInt high =
      isUnsigned ? llvm::APInt::getMaxValue(bits) : llvm::APInt::getSignedMaxValue(bits);
  return llvm::ConstantInt::get(type, largest ? high : low);
}

llvm::Value *emitMultiplyAdd(Builder &b, const TargetSpec &target, llvm::Value *a, llvm::Value *x,
                             llvm::Value *c) {
  if (!target.hasFma)
    return b.CreateFAdd(b.CreateFMul(a, x), c);
  return b.CreateIntrinsic(llvm::Intrinsic::fma, {a->getType()}, {a, x, c});
}

llvm::Value *emitElementwise(Builder &b, const TargetSpec &target, mlir::Operation *op,
                             Operands operands) {
  MathContext math(target);
  if (auto compare = llvm::dyn_cast<ir::CompareOp>(op))
    return emitCompare(b, compare, operands[0], operands[1]);
  if (llvm::isa<ir::SelectOp>(op))
    return b.CreateSelect(operands[0], operands[1], operands[2]);
  if (llvm::isa<ir::FmaOp>(op))
    return emitMultiplyAdd(b, target, operands[0], operands[1], operands[2]);
  if (auto convert = llvm::dyn_cast<ir::ConvertOp>(op))
    return emitConvert(b, convert, operands[0]);
  if (llvm::isa<ir::StopGradientOp>(op))
    return operands[0];
  return operands.size() == 1 ? emitUnary(b, math, op, operands[0])
                              : emitBinary(b, math, op, operands[0], operands[1]);
}

} // namespace lamina::codegen
