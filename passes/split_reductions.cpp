// Long reductions in two steps, so that threads share them: first within each element of the
// leading dimension (images, rows), then over these. How the sum is split follows from the shape
// alone, so the bits do not depend on the number of threads.
#include "ir/dialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include "passes/passes.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "passes/passes.h.inc"

namespace {

/// Elements that one partial result must combine at least: fewer are not worth a second kernel.
constexpr int64_t kLeastPartial = 512;
/// Partial results per element of the leading dimension: with more there are tasks enough already.
constexpr int64_t kMostKept = 2048;

bool mayRegroup(ir::ReductionKind kind) {
  return kind == ir::ReductionKind::add || kind == ir::ReductionKind::maximum ||
         kind == ir::ReductionKind::minimum;
}

/// Whether `reduce` combines much over the leading and other dimensions and keeps little.
bool isLong(ir::ReduceOp reduce) {
  ArrayRef<int64_t> shape = reduce.getOperand().getType().getShape();
  ArrayRef<int64_t> dimensions = reduce.getDimensions();
  if (!mayRegroup(reduce.getKind()) || !llvm::is_contained(dimensions, 0) || shape[0] == 1 ||
      llvm::any_of(shape.drop_front(), ShapedType::isDynamic))
    return false;
  int64_t partial = 1, kept = 1;
  for (auto [dimension, extent] : llvm::drop_begin(llvm::enumerate(shape)))
    (llvm::is_contained(dimensions, static_cast<int64_t>(dimension)) ? partial : kept) *= extent;
  return partial >= kLeastPartial && kept <= kMostKept;
}

void split(ir::ReduceOp reduce) {
  OpBuilder builder(reduce);
  auto inner = llvm::to_vector(
      llvm::make_filter_range(reduce.getDimensions(), [](int64_t d) { return d != 0; }));
  Value partial =
      builder.create<ir::ReduceOp>(reduce.getLoc(), reduce.getOperand(), reduce.getKind(), inner);
  Value whole = builder.create<ir::ReduceOp>(reduce.getLoc(), partial, reduce.getKind(),
                                             ArrayRef<int64_t>{0});
  reduce.replaceAllUsesWith(whole);
  reduce.erase();
}

struct SplitReductionsPass : impl::SplitReductionsBase<SplitReductionsPass> {
  void runOnOperation() override {
    llvm::SmallVector<ir::ReduceOp> reductions;
    getOperation().walk([&](ir::ReduceOp reduce) {
      if (isLong(reduce))
        reductions.push_back(reduce);
    });
    llvm::for_each(reductions, split);
  }
};

} // namespace
} // namespace lamina::passes
