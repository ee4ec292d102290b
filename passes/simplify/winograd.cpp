// Convolutions of 3 x 3 taps as Winograd's minimal filtering, where the estimate says that it pays.
#include "ir/operations/winograd.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include "passes/passes.h"
#include "passes/simplify/winograd_cost.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_WINOGRAD
#include "passes/passes.h.inc"

namespace {

/// The shape of a convolution with a result of type `output` and channels of type `input`.
WinogradShape shapeOf(RankedTensorType input, RankedTensorType output) {
  return {output.getDimSize(1), output.getDimSize(2), input.getDimSize(3), output.getDimSize(3)};
}

void rewrite(ir::ConvolutionOp op, int64_t side) {
  OpBuilder builder(op);
  Value filter =
      builder.create<ir::WinogradFilterOp>(op.getLoc(), op.getRhs(), side, op.getReversed());
  Value result = builder.create<ir::WinogradConvolutionOp>(op.getLoc(), op.getLhs(), filter, side,
                                                           op.getType().getDimSize(3), op.getLow(),
                                                           op.getHigh());
  op.replaceAllUsesWith(result);
  op.erase();
}

struct WinogradPass : impl::WinogradBase<WinogradPass> {
  using WinogradBase::WinogradBase;

  void runOnOperation() override {
    llvm::SmallVector<ir::ConvolutionOp> convolutions;
    getOperation().walk([&](ir::ConvolutionOp op) {
      if (ir::fitsWinograd(op) && op.getType().getElementType().isF32())
        convolutions.push_back(op);
    });
    for (ir::ConvolutionOp op : convolutions)
      if (int64_t side = chooseWinogradSide(shapeOf(op.getLhs().getType(), op.getType()), lanes,
                                            estimateWinograd))
        rewrite(op, side);
    getOperation().walk([&](ir::FilterGradientOp op) {
      if (!ir::fitsWinograd(op) || !op.getType().getElementType().isF32())
        return;
      if (int64_t side =
              chooseWinogradSide(shapeOf(op.getLhs().getType(), op.getGradient().getType()), lanes,
                                 estimateWinogradGradient))
        op.setWinograd(side);
    });
  }
};

} // namespace
} // namespace lamina::passes
