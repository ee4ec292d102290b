// Rewrites that do work before elements are repeated instead of after.
#include "ir/operations/term.h"
#include "mlir/IR/Matchers.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {
namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value repeat(OpBuilder &builder, Location loc, Type type, Value value,
             ArrayRef<int64_t> dimensions) {
  return builder.create<BroadcastInDimOp>(loc, type, value, dimensions);
}

/// The scalar that all elements of `value` are; null when it is not known to be one.
Value makeScalar(OpBuilder &builder, Value value) {
  if (auto broadcast = value.getDefiningOp<BroadcastInDimOp>())
    return typeOf(broadcast.getOperand()).getRank() == 0 ? broadcast.getOperand() : Value();
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return nullptr;
  auto type = RankedTensorType::get({}, elements.getElementType());
  return builder.create<ConstantOp>(
      value.getLoc(), DenseElementsAttr::get(type, elements.getSplatValue<Attribute>()));
}

bool isScalarLike(Value value) {
  if (auto broadcast = value.getDefiningOp<BroadcastInDimOp>())
    return typeOf(broadcast.getOperand()).getRank() == 0;
  DenseElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) && elements.isSplat();
}

/// f(broadcast(a), broadcast(b)) -> broadcast(f(a, b)) for elementwise f, when a and b are repeated
/// in the same way or one of them is a scalar.
struct ElementwiseOfBroadcasts : RewritePattern {
  explicit ElementwiseOfBroadcasts(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!op->hasTrait<Elementwise>() || typeOf(op->getResult(0)).getRank() == 0)
      return failure();
    BroadcastInDimOp like = findSource(op);
    if (!like || !llvm::all_of(op->getOperands(),
                               [&](Value operand) { return isRepeatedAs(operand, like); }))
      return failure();
    RankedTensorType source = like.getOperand().getType();
    Operation *inner = rewriter.clone(*op);
    for (OpOperand &operand : inner->getOpOperands())
      operand.set(beforeRepetition(rewriter, inner, operand.get(), source));
    RankedTensorType type = typeOf(op->getResult(0));
    inner->getResult(0).setType(RankedTensorType::get(source.getShape(), type.getElementType()));
    rewriter.replaceOpWithNewOp<BroadcastInDimOp>(op, type, inner->getResult(0),
                                                  like.getBroadcastDimensions());
    return success();
  }

private:
  /// The operand with the largest source: one that is not a scalar when there is any.
  static BroadcastInDimOp findSource(Operation *op) {
    BroadcastInDimOp found;
    for (Value operand : op->getOperands())
      if (auto broadcast = operand.getDefiningOp<BroadcastInDimOp>();
          broadcast && (!found || typeOf(found.getOperand()).getRank() == 0))
        found = broadcast;
    return found;
  }

  static bool isRepeatedAs(Value value, BroadcastInDimOp like) {
    auto broadcast = value.getDefiningOp<BroadcastInDimOp>();
    bool same = broadcast &&
                typeOf(broadcast.getOperand()).getShape() == typeOf(like.getOperand()).getShape() &&
                broadcast.getBroadcastDimensions() == like.getBroadcastDimensions();
    return same || isScalarLike(value);
  }

  static Value beforeRepetition(PatternRewriter &rewriter, Operation *inner, Value value,
                                RankedTensorType source) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(inner);
    RankedTensorType type =
        RankedTensorType::get(source.getShape(), typeOf(value).getElementType());
    auto broadcast = value.getDefiningOp<BroadcastInDimOp>();
    if (broadcast && broadcast.getOperand().getType() == type)
      return broadcast.getOperand();
    Value scalar = makeScalar(rewriter, value);
    return type.getRank() == 0 ? scalar : repeat(rewriter, inner->getLoc(), type, scalar, {});
  }
};

/// A moved or cut repeated scalar is that scalar repeated.
template <typename Op> struct MoveOfScalar : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getOperand().template getDefiningOp<BroadcastInDimOp>();
    if (!broadcast || broadcast.getOperand().getType().getRank() != 0 ||
        op.getType().getRank() == 0)
      return failure();
    rewriter.replaceOpWithNewOp<BroadcastInDimOp>(op, op.getType(), broadcast.getOperand(),
                                                  ArrayRef<int64_t>{});
    return success();
  }
};

/// broadcast(reshape(x)) where the reshape only puts in dimensions of extent 1.
struct BroadcastOfUnitDimensions : OpRewritePattern<BroadcastInDimOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BroadcastInDimOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getOperand().getDefiningOp<ReshapeOp>();
    if (!reshape)
      return failure();
    ArrayRef<int64_t> from = typeOf(reshape.getOperand()).getShape();
    llvm::SmallVector<int64_t> dimensions;
    for (auto [index, extent] : llvm::enumerate(reshape.getType().getShape())) {
      if (dimensions.size() < from.size() && from[dimensions.size()] == extent)
        dimensions.push_back(op.getBroadcastDimensions()[index]);
      else if (extent != 1)
        return failure();
    }
    if (dimensions.size() != from.size())
      return failure();
    rewriter.replaceOpWithNewOp<BroadcastInDimOp>(op, op.getType(), reshape.getOperand(),
                                                  dimensions);
    return success();
  }
};

/// The effect of a reduction on a repeated tensor: how often each element is counted, which of the
/// source's dimensions are still to be reduced, and where the others go.
struct RepeatedReduction {
  RepeatedReduction(ReduceOp reduce, BroadcastInDimOp broadcast) {
    RankedTensorType from = broadcast.getOperand().getType(), to = broadcast.getType();
    ArrayRef<int64_t> map = broadcast.getBroadcastDimensions();
    for (int64_t dimension = 0, kept = 0; dimension < to.getRank(); ++dimension) {
      const int64_t *found = llvm::find(map, dimension);
      int64_t source = found == map.end() ? -1 : found - map.begin();
      if (!llvm::is_contained(reduce.getDimensions(), dimension)) {
        if (source >= 0)
          target.push_back(kept);
        ++kept;
        continue;
      }
      if (source >= 0)
        remaining.push_back(source);
      if (source >= 0 && from.getDimSize(source) == to.getDimSize(dimension))
        continue;
      repeats = true;
      if (to.isDynamicDim(dimension))
        countsRows = true;
      else
        count *= static_cast<double>(to.getDimSize(dimension));
    }
  }

  llvm::SmallVector<int64_t> remaining, target;
  double count = 1;
  bool repeats = false, countsRows = false;
};

/// reduce(broadcast(x)): an extreme of equal elements is the element, their sum a product with
/// their number, which is rounded once and so at least as exact.
struct ReduceOfBroadcast : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getOperand().getDefiningOp<BroadcastInDimOp>();
    bool isSum = op.getKind() == ReductionKind::add;
    if (!broadcast || op.getKind() == ReductionKind::multiply ||
        (isSum && !isa<FloatType>(op.getType().getElementType())))
      return failure();
    RepeatedReduction plan(op, broadcast);
    if (!plan.repeats)
      return failure();
    Term value(rewriter, op.getLoc(), broadcast.getOperand());
    if (!plan.remaining.empty())
      value = value.apply<ReduceOp>(op.getKind(), ArrayRef<int64_t>(plan.remaining));
    if (isSum)
      value = multiplyByCount(rewriter, value, plan);
    if (value.getType() != op.getType())
      value = Term(rewriter, op.getLoc(),
                   repeat(rewriter, op.getLoc(), op.getType(), value, plan.target));
    rewriter.replaceOp(op, Value(value));
    return success();
  }

private:
  static Term multiplyByCount(PatternRewriter &rewriter, Term value,
                              const RepeatedReduction &plan) {
    if (plan.count != 1)
      value = value * plan.count;
    if (!plan.countsRows)
      return value;
    Location loc = Value(value).getLoc();
    auto scalar = RankedTensorType::get({}, value.getType().getElementType());
    Value rows = rewriter.create<RowsOp>(loc, scalar);
    if (value.getType() != scalar)
      rows = repeat(rewriter, loc, value.getType(), rows, {});
    return value * Term(rewriter, loc, rows);
  }
};

} // namespace

void populateBroadcastPatterns(RewritePatternSet &patterns) {
  patterns.add<ElementwiseOfBroadcasts, BroadcastOfUnitDimensions, ReduceOfBroadcast,
               MoveOfScalar<ReshapeOp>, MoveOfScalar<TransposeOp>, MoveOfScalar<SliceOp>>(
      patterns.getContext());
}

} // namespace lamina::passes
