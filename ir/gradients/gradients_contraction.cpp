// Gradient rules of reductions and contractions.
#include "ir/operations/term.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using Gradients = SmallVectorImpl<Value>;

/// A reduction's result, or a value of its type, repeated to the shape of the operand.
Term spread(OpBuilder &builder, ReduceOp reduce, Value value) {
  RankedTensorType type = reduce.getOperand().getType();
  llvm::SmallVector<int64_t> kept;
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension)
    if (!llvm::is_contained(reduce.getDimensions(), dimension))
      kept.push_back(dimension);
  return Term(builder, reduce.getLoc(),
              builder.create<BroadcastInDimOp>(reduce.getLoc(), type, value, kept));
}

/// `value` reduced as `reduce` does.
Term sumLike(ReduceOp reduce, Term value, ReductionKind kind = ReductionKind::add) {
  return value.apply<ReduceOp>(kind, reduce.getDimensions());
}

/// Extremes share the gradient evenly. NaN, which equals nothing, makes the whole gradient NaN.
Value extremeGradient(OpBuilder &builder, ReduceOp reduce, Value gradient) {
  Term x(builder, reduce.getLoc(), reduce.getOperand());
  Value selected = x.compare(ComparisonDirection::EQ, spread(builder, reduce, reduce.getOutput()));
  Term weight(builder, reduce.getLoc(),
              builder.create<ConvertOp>(reduce.getLoc(), x.getType(), selected));
  Term share = Term(builder, reduce.getLoc(), gradient) / sumLike(reduce, weight);
  return weight * spread(builder, reduce, share);
}

/// The derivative of a product with respect to a factor is the product of the others: the whole
/// product divided by the factor; with one factor zero the others' product for that one and 0 for
/// the others; with more zeros 0 for all. Told apart by the number of zeros.
Value productGradient(OpBuilder &builder, ReduceOp reduce, Value gradient) {
  Location loc = reduce.getLoc();
  Term x(builder, loc, reduce.getOperand()), g(builder, loc, gradient);
  Value isZero = x.compare(ComparisonDirection::EQ, x.like(0));
  Term nonZero = x.like(1).where(isZero, x);
  Term zeros =
      sumLike(reduce, Term(builder, loc, builder.create<ConvertOp>(loc, x.getType(), isZero)));
  Term product = g * sumLike(reduce, nonZero, ReductionKind::multiply);
  Term withoutZero = product.where(zeros.compare(ComparisonDirection::EQ, zeros.like(0)));
  Term withOneZero = product.where(zeros.compare(ComparisonDirection::EQ, zeros.like(1)));
  Term ofNonZero = spread(builder, reduce, withoutZero) / nonZero;
  return spread(builder, reduce, withOneZero).where(isZero, ofNonZero);
}

/// One operand of a contraction as its gradient sees it.
struct Side {
  Value value;
  ArrayRef<int64_t> batching, contracting;
  llvm::SmallVector<int64_t> free;
};

/// Positions 0..n-1 of the result of a contraction: batching, then free dimensions.
llvm::SmallVector<int64_t> positions(size_t begin, size_t count) {
  return llvm::to_vector(llvm::seq<int64_t>(begin, begin + count));
}

/// The contracting dimensions of `other` in increasing order, as those of `side` they meet.
llvm::SmallVector<int64_t> matchContracting(const Side &side, const Side &other) {
  auto pairs =
      llvm::map_to_vector(llvm::zip_equal(other.contracting, side.contracting), [](auto pair) {
        return std::pair(std::get<0>(pair), std::get<1>(pair));
      });
  llvm::sort(pairs);
  return llvm::map_to_vector(pairs, [](auto pair) { return pair.second; });
}

/// `value`, whose dimension i is dimension `dimensions[i]` of the wanted tensor, transposed to it.
Value arrange(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> dimensions) {
  if (llvm::is_sorted(dimensions))
    return value;
  llvm::SmallVector<int64_t> permutation(dimensions.size());
  for (auto [index, dimension] : llvm::enumerate(dimensions))
    permutation[dimension] = static_cast<int64_t>(index);
  return builder.create<TransposeOp>(loc, value, permutation);
}

/// The gradient of `lhs`: the result's gradient contracted with `rhs` over the latter's free
/// dimensions, which gives lhs' batching, free and contracting dimensions in this order.
Value lhsGradient(OpBuilder &builder, Location loc, Value gradient, const Side &lhs,
                  const Side &rhs) {
  size_t batching = lhs.batching.size();
  Value product = builder.create<DotGeneralOp>(
      loc, gradient, rhs.value, positions(0, batching), rhs.batching,
      positions(batching + lhs.free.size(), rhs.free.size()), rhs.free);
  llvm::SmallVector<int64_t> dimensions(lhs.batching);
  dimensions.append(lhs.free);
  dimensions.append(matchContracting(lhs, rhs));
  return arrange(builder, loc, product, dimensions);
}

/// The gradient of `rhs`: `lhs` contracted with the result's gradient over the former's free
/// dimensions, which gives rhs' batching, contracting and free dimensions in this order.
Value rhsGradient(OpBuilder &builder, Location loc, Value gradient, const Side &lhs,
                  const Side &rhs) {
  size_t batching = lhs.batching.size();
  Value product =
      builder.create<DotGeneralOp>(loc, lhs.value, gradient, lhs.batching, positions(0, batching),
                                   lhs.free, positions(batching, lhs.free.size()));
  llvm::SmallVector<int64_t> dimensions(rhs.batching);
  dimensions.append(matchContracting(rhs, lhs));
  dimensions.append(rhs.free);
  return arrange(builder, loc, product, dimensions);
}

} // namespace

LogicalResult ReduceOp::buildGradient(OpBuilder &builder, ValueRange results,
                                      Gradients &gradients) {
  switch (getKind()) {
  case ReductionKind::add:
    gradients.push_back(spread(builder, *this, results[0]));
    return success();
  case ReductionKind::multiply:
    gradients.push_back(productGradient(builder, *this, results[0]));
    return success();
  case ReductionKind::maximum:
  case ReductionKind::minimum:
    gradients.push_back(extremeGradient(builder, *this, results[0]));
    return success();
  case ReductionKind::and_:
  case ReductionKind::or_:
    gradients.push_back(Value());
    return success();
  }
  llvm_unreachable("all kinds of reduction are handled");
}

LogicalResult ArgmaxOp::buildGradient(OpBuilder &, ValueRange, Gradients &gradients) {
  gradients.push_back(Value());
  return success();
}

LogicalResult DotGeneralOp::buildGradient(OpBuilder &builder, ValueRange results,
                                          Gradients &gradients) {
  Side lhs{getLhs(), getLhsBatchingDimensions(), getLhsContractingDimensions(),
           getLhsFreeDimensions()};
  Side rhs{getRhs(), getRhsBatchingDimensions(), getRhsContractingDimensions(),
           getRhsFreeDimensions()};
  gradients.push_back(lhsGradient(builder, getLoc(), results[0], lhs, rhs));
  gradients.push_back(rhsGradient(builder, getLoc(), results[0], lhs, rhs));
  return success();
}

} // namespace lamina::ir
