// The driver of the simplifying rewrites.
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/passes.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_SIMPLIFY
#include "passes/passes.h.inc"

namespace {

class SimplifyPass : public impl::SimplifyBase<SimplifyPass> {
public:
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateArithmeticPatterns(set);
    populateBroadcastPatterns(set);
    populateContractionPatterns(set);
    populateConvolutionPatterns(set);
    populatePadPatterns(set);
    populateScanPatterns(set);
    populateHoistPatterns(set);
    for (RegisteredOperationName op : context->getRegisteredOperations())
      op.getCanonicalizationPatterns(set, context);
    patterns = std::move(set);
    return success();
  }

  void runOnOperation() override {
    // Equal values found by one enable matches of the other; the rewrites end because each makes
    // the function smaller or moves work to smaller tensors.
    for (bool merged = true; std::exchange(merged, false);) {
      if (failed(applyPatternsAndFoldGreedily(getOperation(), patterns)))
        return signalPassFailure();
      DominanceInfo dominance(getOperation());
      IRRewriter rewriter(&getContext());
      eliminateCommonSubExpressions(rewriter, dominance, getOperation(), &merged);
    }
  }

private:
  FrozenRewritePatternSet patterns;
};

} // namespace
} // namespace lamina::passes
