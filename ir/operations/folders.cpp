// Folders of constants and of the operations that move or combine elements.
#include "ir/operations/folding.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace lamina::ir {

OpFoldResult ConstantOp::fold(FoldAdaptor) {
  return getValue();
}

/// A splat repeated, moved or picked is a splat: in constant time for any shape.
static OpFoldResult foldMovedConstant(Operation *operation, Attribute operand) {
  auto type = cast<RankedTensorType>(operation->getResult(0).getType());
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(operand); splat && type.hasStaticShape())
    return DenseElementsAttr::get(type, splat.getSplatValue<Attribute>());
  return foldConstants(operation, operand);
}

//===--- broadcast_in_dim --------------------------------------------------------------------===//

OpFoldResult BroadcastInDimOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return foldMovedConstant(*this, adaptor.getOperand());
}

namespace {
/// broadcast(broadcast(x)) is one broadcast.
struct MergeBroadcasts : OpRewritePattern<BroadcastInDimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BroadcastInDimOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<BroadcastInDimOp>();
    if (!inner)
      return failure();
    llvm::SmallVector<int64_t> dimensions;
    for (int64_t dimension : inner.getBroadcastDimensions())
      dimensions.push_back(op.getBroadcastDimensions()[dimension]);
    rewriter.replaceOpWithNewOp<BroadcastInDimOp>(op, op.getType(), inner.getOperand(), dimensions);
    return success();
  }
};
} // namespace

void BroadcastInDimOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                   MLIRContext *context) {
  patterns.add<MergeBroadcasts>(context);
}

//===--- reshape, transpose ------------------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  if (auto inner = getOperand().getDefiningOp<ReshapeOp>()) {
    getOperandMutable().assign(inner.getOperand());
    return getResult();
  }
  if (auto constant = dyn_cast_or_null<DenseElementsAttr>(adaptor.getOperand());
      constant && getType().hasStaticShape())
    return constant.reshape(getType());
  return nullptr;
}

static bool isIdentity(ArrayRef<int64_t> permutation) {
  for (auto [index, dimension] : llvm::enumerate(permutation))
    if (dimension != static_cast<int64_t>(index))
      return false;
  return true;
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (isIdentity(getPermutation()))
    return getOperand();
  if (auto inner = getOperand().getDefiningOp<TransposeOp>()) {
    llvm::SmallVector<int64_t> composed;
    for (int64_t dimension : getPermutation())
      composed.push_back(inner.getPermutation()[dimension]);
    if (isIdentity(composed))
      return inner.getOperand();
    getOperandMutable().assign(inner.getOperand());
    setPermutation(composed);
    return getResult();
  }
  return foldMovedConstant(*this, adaptor.getOperand());
}

//===--- slice, pad, concatenate -------------------------------------------------------------===//

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  // As many elements as before can only be all of them.
  if (getOperand().getType() == getType())
    return getOperand();
  return foldMovedConstant(*this, adaptor.getOperand());
}

OpFoldResult PadOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  return foldConstants(*this, adaptor.getOperands());
}

OpFoldResult ConcatenateOp::fold(FoldAdaptor adaptor) {
  if (getNumOperands() == 1)
    return getOperand(0);
  return foldConstants(*this, adaptor.getOperands());
}

//===--- reduce ------------------------------------------------------------------------------===//

OpFoldResult ReduceOp::fold(FoldAdaptor adaptor) {
  if (getDimensions().empty())
    return getOperand();
  bool sums = getKind() == ReductionKind::add || getKind() == ReductionKind::multiply;
  if (!sums)
    return foldMovedConstant(*this, adaptor.getOperand());
  if (!isa<FloatType>(getType().getElementType()))
    return foldConstants(*this, adaptor.getOperand());
  return nullptr;
}

} // namespace lamina::ir
