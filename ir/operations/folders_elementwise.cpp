// Folders of the elementwise operations.
#include "ir/operations/folding.h"

using namespace mlir;

namespace lamina::ir {

//===--- One operand -------------------------------------------------------------------------===//

/// f(f(x)) is x.
template <typename Op> static Value foldInvolution(Op op) {
  auto inner = op.getOperand().template getDefiningOp<Op>();
  return inner ? inner.getOperand() : Value();
}

/// f(f(x)) is f(x).
template <typename Op> static Value foldProjection(Op op) {
  auto inner = op.getOperand().template getDefiningOp<Op>();
  return inner ? inner.getOutput() : Value();
}

template <typename Op> static OpFoldResult foldUnary(Op op, Attribute operand, Value identity) {
  if (identity)
    return identity;
  return foldConstants(op, operand);
}

OpFoldResult AbsOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldProjection(*this));
}
OpFoldResult CeilOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldProjection(*this));
}
OpFoldResult FloorOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldProjection(*this));
}
OpFoldResult NegateOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldInvolution(*this));
}
OpFoldResult NotOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldInvolution(*this));
}
OpFoldResult RoundNearestEvenOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldProjection(*this));
}
OpFoldResult SignOp::fold(FoldAdaptor adaptor) {
  return foldUnary(*this, adaptor.getOperand(), foldProjection(*this));
}
OpFoldResult RsqrtOp::fold(FoldAdaptor adaptor) {
  return foldConstants(*this, adaptor.getOperand());
}
OpFoldResult SqrtOp::fold(FoldAdaptor adaptor) {
  return foldConstants(*this, adaptor.getOperand());
}

//===--- Elementary functions ----------------------------------------------------------------===//

// Every target has its own polynomials for them: only the points at which all are exact fold.

/// f(0) is 0 with the same sign.
static OpFoldResult foldOddFunction(Attribute operand) {
  return isSplatOf(operand, 0.0) || isSplatOf(operand, -0.0) ? operand : nullptr;
}

/// f(point) is `value`.
static OpFoldResult foldAtPoint(Attribute operand, double point, double value) {
  if (!isSplatOf(operand, point) && !(point == 0 && isSplatOf(operand, -0.0)))
    return nullptr;
  auto type = cast<SplatElementsAttr>(operand).getType();
  return DenseElementsAttr::get(type, FloatAttr::get(type.getElementType(), value));
}

OpFoldResult ErfOp::fold(FoldAdaptor adaptor) {
  return foldOddFunction(adaptor.getOperand());
}
OpFoldResult ExponentialMinusOneOp::fold(FoldAdaptor adaptor) {
  return foldOddFunction(adaptor.getOperand());
}
OpFoldResult LogPlusOneOp::fold(FoldAdaptor adaptor) {
  return foldOddFunction(adaptor.getOperand());
}
OpFoldResult SineOp::fold(FoldAdaptor adaptor) {
  return foldOddFunction(adaptor.getOperand());
}
OpFoldResult TanOp::fold(FoldAdaptor adaptor) {
  return foldOddFunction(adaptor.getOperand());
}
OpFoldResult TanhOp::fold(FoldAdaptor adaptor) {
  return foldOddFunction(adaptor.getOperand());
}
OpFoldResult CosineOp::fold(FoldAdaptor adaptor) {
  return foldAtPoint(adaptor.getOperand(), 0, 1);
}
OpFoldResult ExponentialOp::fold(FoldAdaptor adaptor) {
  return foldAtPoint(adaptor.getOperand(), 0, 1);
}
OpFoldResult LogOp::fold(FoldAdaptor adaptor) {
  return foldAtPoint(adaptor.getOperand(), 1, 0);
}
OpFoldResult LogisticOp::fold(FoldAdaptor adaptor) {
  return foldAtPoint(adaptor.getOperand(), 0, 0.5);
}

//===--- Arithmetic --------------------------------------------------------------------------===//

/// The value that x op value leaves bit for bit: -0.0 for sums of floating-point numbers, since
/// -0.0 + 0.0 is 0.0.
static bool isNeutralForAdd(Attribute constant) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  return elements && isSplatOf(constant, isa<FloatType>(elements.getElementType()) ? -0.0 : 0.0);
}

static bool isIntegerZero(Attribute constant) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(constant);
  return elements && !isa<FloatType>(elements.getElementType()) && isSplatOf(constant, 0);
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (isNeutralForAdd(adaptor.getRhs()))
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult SubtractOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0.0))
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult MultiplyOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  if (isIntegerZero(adaptor.getRhs()))
    return adaptor.getRhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult DivideOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult RemainderOp::fold(FoldAdaptor adaptor) {
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult PowerOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1))
    return getLhs();
  return nullptr;
}

OpFoldResult MaximumOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs())
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult MinimumOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs())
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

//===--- Logic -------------------------------------------------------------------------------===//

/// All bits set: 1 for i1, -1 for integers.
static bool isAllOnes(Attribute constant) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(constant);
  return splat && splat.getSplatValue<APInt>().isAllOnes();
}

OpFoldResult AndOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs() || isAllOnes(adaptor.getRhs()))
    return getLhs();
  if (isSplatOf(adaptor.getRhs(), 0))
    return adaptor.getRhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult OrOp::fold(FoldAdaptor adaptor) {
  if (getLhs() == getRhs() || isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  if (isAllOnes(adaptor.getRhs()))
    return adaptor.getRhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult XorOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult ShiftRightLogicalOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0))
    return getLhs();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult CompareOp::fold(FoldAdaptor adaptor) {
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (auto predicate = dyn_cast_or_null<SplatElementsAttr>(adaptor.getPredicate()))
    return predicate.getSplatValue<bool>() ? getOnTrue() : getOnFalse();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult ConvertOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return foldConstants(*this, adaptor.getOperands());
}

} // namespace lamina::ir
