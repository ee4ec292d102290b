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

/// The squares' side for a convolution or a gradient by the filter, whose result or gradient has
/// the type `output`; 0 to compute it directly.
template <typename Op>
int64_t chooseSide(Op op, RankedTensorType output, int64_t lanes, WinogradEstimate estimate) {
  RankedTensorType input = op.getLhs().getType();
  int64_t images = input.isDynamicDim(0) ? 1 : input.getDimSize(0);
  double multiplyAdds = op.getMultiplyAdds(/*batchSize=*/1) / static_cast<double>(images);
  return chooseWinogradSide(estimateDirect(multiplyAdds, output.getDimSize(3), lanes),
                            ir::winogradShapeOf(input, output), lanes, estimate);
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
      if (int64_t side = chooseSide(op, op.getType(), lanes, estimateWinograd))
        rewrite(op, side);
    getOperation().walk([&](ir::FilterGradientOp op) {
      if (!ir::fitsWinograd(op) || !op.getType().getElementType().isF32())
        return;
      if (int64_t side =
              chooseSide(op, op.getGradient().getType(), lanes, estimateWinogradGradient))
        op.setWinograd(side);
    });
  }
};

} // namespace
} // namespace lamina::passes
