// Explicit multiply-adds.
#include "ir/operations/term.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/passes.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {

#define GEN_PASS_DEF_CONTRACT
#include "passes/passes.h.inc"

namespace {

/// A product of floating-point numbers that nobody else uses.
MultiplyOp matchProduct(Value value) {
  auto product = value.getDefiningOp<MultiplyOp>();
  bool isFloat = isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType());
  return isFloat && product && product->hasOneUse() ? product : MultiplyOp();
}

/// a * b + c -> fma(a, b, c); the left product when both operands are one.
struct ContractAdd : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    MultiplyOp left = matchProduct(op.getLhs());
    MultiplyOp product = left ? left : matchProduct(op.getRhs());
    if (!product)
      return failure();
    rewriter.replaceOpWithNewOp<FmaOp>(op, product.getLhs(), product.getRhs(),
                                       left ? op.getRhs() : op.getLhs());
    return success();
  }
};

/// c - a * b -> fma(-a, b, c) and a * b - c -> fma(a, b, -c): negation is exact.
struct ContractSubtract : OpRewritePattern<SubtractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SubtractOp op, PatternRewriter &rewriter) const override {
    auto negate = [&](Value value) -> Value {
      return rewriter.create<NegateOp>(op.getLoc(), value);
    };
    if (MultiplyOp product = matchProduct(op.getRhs()))
      rewriter.replaceOpWithNewOp<FmaOp>(op, negate(product.getLhs()), product.getRhs(),
                                         op.getLhs());
    else if (MultiplyOp product = matchProduct(op.getLhs()))
      rewriter.replaceOpWithNewOp<FmaOp>(op, product.getLhs(), product.getRhs(),
                                         negate(op.getRhs()));
    else
      return failure();
    return success();
  }
};

class ContractPass : public impl::ContractBase<ContractPass> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ContractAdd, ContractSubtract>(&getContext());
    if (failed(applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace lamina::passes
