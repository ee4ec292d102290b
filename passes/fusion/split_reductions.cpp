// Long reductions in two steps, so that threads share them: first within each element of the
// leading dimension (images, rows), then over these; sums over what convolutions make line by line,
// and variances of images too; gradients by small filters within slices of the images, then over
// these. How the sum is split follows from the shape alone, so the bits do
// not depend on the number of threads.
#include "ir/dialect.h"
#include "ir/module.h"
#include "ir/operations/winograd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include "passes/fusion/line_sums.h"
#include "passes/passes.h"
#include "passes/schedule/convolution_geometry.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "passes/passes.h.inc"

namespace {

/// Elements that one partial result must combine at least: fewer are not worth a second kernel.
constexpr int64_t kLeastPartial = 512;
/// Partial results per element of the leading dimension: with more there are tasks enough already.
constexpr int64_t kMostKept = 2048;

/// Tasks that slices and the tasks of one of them make together, at most.
constexpr int64_t kSliceTasks = 16;
/// Elements of the operands for each of the slices' results, at least.
constexpr int64_t kLeastOperands = 4;

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

/// How many slices the images of a gradient by the filter are cut into; 1 where the slices' results
/// would be much beside what they are computed from, or channels and taps make tasks enough.
int64_t countSlices(ir::FilterGradientOp op, int64_t images) {
  ConvolutionGeometry geometry = ConvolutionGeometry::of(op);
  if (op.getSlice())
    return 1;
  auto elements = [&](RankedTensorType type) {
    int64_t count = images;
    for (int64_t extent : type.getShape().drop_front())
      count *= extent;
    return count;
  };
  int64_t operands = elements(op.getLhs().getType()) + elements(op.getGradient().getType());
  int64_t results = op.getType().getNumElements();
  bool allTaps = geometry.depthwise || geometry.hasFewChannels(); // in one task
  int64_t outer = allTaps ? 1 : geometry.axes.front().window * geometry.groups;
  if (op.getWinograd())
    outer = llvm::divideCeil(geometry.channels, ir::kWinogradGradientChannels) *
            llvm::divideCeil(geometry.filters, ir::kWinogradGradientFilters);
  return std::min({images, kSliceTasks / outer, operands / kLeastOperands / results});
}

void splitImages(ir::FilterGradientOp op, int64_t batchSize) {
  int64_t images = op.getLhs().getType().getDimSize(0);
  images = ShapedType::isDynamic(images) ? batchSize : images;
  int64_t slices = countSlices(op, images);
  if (slices < 2)
    return;
  OpBuilder builder(op);
  int64_t length = llvm::divideCeil(images, slices);
  llvm::SmallVector<int64_t> shape(op.getType().getShape());
  shape.insert(shape.begin(), llvm::divideCeil(images, length));
  auto partial = cast<ir::FilterGradientOp>(builder.clone(*op));
  partial.setSlice(length);
  partial.getOutput().setType(op.getType().clone(shape));
  Value whole = builder.create<ir::ReduceOp>(op.getLoc(), partial, ir::ReductionKind::add,
                                             ArrayRef<int64_t>{0});
  op.replaceAllUsesWith(whole);
  op.erase();
}

struct SplitReductionsPass : impl::SplitReductionsBase<SplitReductionsPass> {
  void runOnOperation() override {
    rewriteVariances(getOperation());
    llvm::SmallVector<ir::ReduceOp> reductions;
    getOperation().walk([&](ir::ReduceOp reduce) { reductions.push_back(reduce); });
    for (ir::ReduceOp reduce : reductions)
      if (!splitInLines(reduce) && isLong(reduce))
        split(reduce);
    int64_t batchSize = ir::getBatchSize(getOperation()->getParentOfType<ModuleOp>());
    llvm::SmallVector<ir::FilterGradientOp> gradients;
    getOperation().walk([&](ir::FilterGradientOp op) { gradients.push_back(op); });
    for (ir::FilterGradientOp op : gradients)
      splitImages(op, batchSize);
  }
};

} // namespace
} // namespace lamina::passes
