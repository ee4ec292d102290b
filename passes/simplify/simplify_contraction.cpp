// Transposes beside contractions become a choice of dimensions.
#include "ir/dialect.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {
namespace {

using Dimensions = llvm::SmallVector<int64_t>;

/// Dimensions of a transposed tensor as those of the tensor itself.
Dimensions before(TransposeOp transpose, ArrayRef<int64_t> dimensions) {
  return llvm::map_to_vector(
      dimensions, [&](int64_t dimension) { return transpose.getPermutation()[dimension]; });
}

/// One operand of a contraction without its transpose. Only when its free dimensions keep their
/// order, which is their order in the result.
struct Untransposed {
  Untransposed(Value value, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting,
               ArrayRef<int64_t> free)
      : value(value), batching(batching), contracting(contracting) {
    auto transpose = value.getDefiningOp<TransposeOp>();
    if (!transpose || !llvm::is_sorted(before(transpose, free)))
      return;
    changed = true;
    this->value = transpose.getOperand();
    this->batching = before(transpose, batching);
    this->contracting = before(transpose, contracting);
  }

  Value value;
  Dimensions batching, contracting;
  bool changed = false;
};

/// dot_general(transpose(a), transpose(b)) -> dot_general(a, b) over other dimensions.
struct ContractionOfTransposes : OpRewritePattern<DotGeneralOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotGeneralOp op, PatternRewriter &rewriter) const override {
    Untransposed lhs(op.getLhs(), op.getLhsBatchingDimensions(), op.getLhsContractingDimensions(),
                     op.getLhsFreeDimensions());
    Untransposed rhs(op.getRhs(), op.getRhsBatchingDimensions(), op.getRhsContractingDimensions(),
                     op.getRhsFreeDimensions());
    if (!lhs.changed && !rhs.changed)
      return failure();
    rewriter.replaceOpWithNewOp<DotGeneralOp>(op, lhs.value, rhs.value, lhs.batching, rhs.batching,
                                              lhs.contracting, rhs.contracting);
    return success();
  }
};

/// transpose(dot_general(a, b)) -> dot_general(b, a) when it swaps the free dimensions of a and b.
struct TransposeOfContraction : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto dot = op.getOperand().getDefiningOp<DotGeneralOp>();
    if (!dot || !dot->hasOneUse() || op.getPermutation() != ArrayRef<int64_t>(swapped(dot)))
      return failure();
    rewriter.replaceOpWithNewOp<DotGeneralOp>(
        op, dot.getRhs(), dot.getLhs(), dot.getRhsBatchingDimensions(),
        dot.getLhsBatchingDimensions(), dot.getRhsContractingDimensions(),
        dot.getLhsContractingDimensions());
    return success();
  }

private:
  static Dimensions swapped(DotGeneralOp dot) {
    int64_t batching = dot.getLhsBatchingDimensions().size();
    int64_t lhs = dot.getLhsFreeDimensions().size(), rhs = dot.getRhsFreeDimensions().size();
    Dimensions permutation;
    llvm::append_range(permutation, llvm::seq<int64_t>(0, batching));
    llvm::append_range(permutation, llvm::seq(batching + lhs, batching + lhs + rhs));
    llvm::append_range(permutation, llvm::seq(batching, batching + lhs));
    return permutation;
  }
};

} // namespace

void populateContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<ContractionOfTransposes, TransposeOfContraction>(patterns.getContext());
}

} // namespace lamina::passes
