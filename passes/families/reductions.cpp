// Reductions: over trailing dimensions by rows, over others by columns.
#include "passes/families/families.h"
#include "passes/families/tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Vectors of columns that a task of a reduction goes through at once.
constexpr int64_t kLeastColumnVectors = 4, kMostColumnVectors = 64;
/// Rows of at most this many vectors are unrolled and kept in registers.
constexpr int64_t kMostUnrolled = 8;
/// Positions from those that a column takes in to those that are prefetched.
constexpr int64_t kPositionsAhead = 16;

bool isReduction(Operation *op) {
  return isa<ir::ReduceOp, ir::ArgmaxOp>(op);
}

bool isRow(Operation *op) {
  return isReduction(op) && areTrailing(reducedDimensions(op), typeOf(op->getOperand(0)).getRank());
}

//===--- Rows ---------------------------------------------------------------------------------===//

ir::Schedule scheduleRows(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  Operation *anchor = anchorOf(kernel);
  ArrayRef<int64_t> whole = typeOf(anchor->getOperand(0)).getShape();
  ArrayRef<int64_t> inner = whole.drop_front(typeOf(anchor->getResult(0)).getRank());
  int64_t units = product(typeOf(anchor->getResult(0)).getShape(), batchSize);
  int64_t cost = elementwiseCycles(kernel, batchSize, target.lanes);
  // A row costs at least the latency of a horizontal reduction.
  if (product(whole, batchSize) / units < 4 * target.lanes)
    cost += 20 * units;
  bool unrolled = inner.size() == 1 && !ShapedType::isDynamic(inner[0]) &&
                  inner[0] <= kMostUnrolled * target.lanes;
  return ir::RowScheduleAttr::get(kernel.getContext(), target.lanes, unitsPerTask(units, cost),
                                  unrolled, cost);
}

Schedules equivalentRows(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::RowScheduleAttr>(kernel);
  return otherExtents(chosen.getRows(), 1, /*mayGrow=*/true, [&](int64_t rows) {
    return ir::RowScheduleAttr::get(kernel.getContext(), chosen.getLanes(), rows,
                                    chosen.getUnrolled(), chosen.getCost());
  });
}

LogicalResult checkRows(ir::KernelOp kernel, int64_t) {
  auto chosen = scheduleAs<ir::RowScheduleAttr>(kernel);
  Operation *anchor = anchorOf(kernel);
  ArrayRef<int64_t> inner =
      typeOf(anchor->getOperand(0)).getShape().drop_front(typeOf(anchor->getResult(0)).getRank());
  if (chosen.getUnrolled() && (inner.size() != 1 || ShapedType::isDynamic(inner[0])))
    return kernel.emitOpError("cannot unroll rows of several or of dynamic dimensions");
  return success();
}

//===--- Columns ------------------------------------------------------------------------------===//

/// Whether a task goes through memory in its order, of tensors that do not stay in the caches.
bool readsFromMemory(ir::KernelOp kernel, Operation *anchor, int64_t width, int64_t batchSize) {
  RankedTensorType whole = typeOf(anchor->getOperand(0));
  ArrayRef<int64_t> kept = typeOf(anchor->getResult(0)).getShape();
  if (kept.empty() || width < kept.back() ||
      reducedDimensions(anchor).back() + 2 != whole.getRank())
    return false;
  return llvm::any_of(kernel.getBlock().getArguments(), [&](BlockArgument argument) {
    RankedTensorType type = typeOf(argument);
    return type.getShape() == whole.getShape() && isStreamed(type, batchSize);
  });
}

ir::Schedule scheduleColumns(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  Operation *anchor = anchorOf(kernel);
  RankedTensorType kept = typeOf(anchor->getResult(0));
  int64_t cost = elementwiseCycles(kernel, batchSize, target.lanes);
  int64_t units = product(kept.getShape(), batchSize);
  // Long blocks of columns are read in long stretches of memory.
  int64_t columns = kept.getRank() == 0 ? 1 : capacity(kept.getShape().back(), batchSize);
  int64_t blocks = llvm::divideCeil(kEnoughTasks / 2, units / columns);
  int64_t vectors = std::clamp<int64_t>(llvm::divideCeil(columns, target.lanes * blocks),
                                        kLeastColumnVectors, kMostColumnVectors);
  vectors = std::min<int64_t>(vectors, llvm::divideCeil(columns, target.lanes));
  int64_t blocksPerLine = llvm::divideCeil(columns, vectors * target.lanes);
  int64_t perTask = unitsPerTask(units / columns * blocksPerLine, cost);
  bool ahead = readsFromMemory(kernel, anchor, vectors * target.lanes, batchSize);
  return ir::ColumnScheduleAttr::get(kernel.getContext(), target.lanes, vectors, perTask,
                                     ahead ? kPositionsAhead : 0, cost);
}

Schedules equivalentColumns(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::ColumnScheduleAttr>(kernel);
  return otherExtents(chosen.getBlocks(), 1, /*mayGrow=*/true, [&](int64_t blocks) {
    return ir::ColumnScheduleAttr::get(kernel.getContext(), chosen.getLanes(), chosen.getVectors(),
                                       blocks, chosen.getAhead(), chosen.getCost());
  });
}

LogicalResult checkColumns(ir::KernelOp kernel, int64_t) {
  if (scheduleAs<ir::ColumnScheduleAttr>(kernel).getAhead() > 0 &&
      reducedDimensions(anchorOf(kernel)).back() + 2 !=
          typeOf(anchorOf(kernel)->getOperand(0)).getRank())
    return kernel.emitOpError("prefetches positions that are not in the order of memory");
  return success();
}

} // namespace

const FamilyRules kRowFamily = {isRow,
                                /*takesFollowers=*/true,
                                /*storesTransposedCopies=*/false,
                                scheduleRows,
                                equivalentRows,
                                checkRows};
const FamilyRules kColumnFamily = {[](Operation *op) { return isReduction(op) && !isRow(op); },
                                   /*takesFollowers=*/true,
                                   /*storesTransposedCopies=*/true,
                                   scheduleColumns,
                                   equivalentColumns,
                                   checkColumns};

} // namespace lamina::passes
