#include "passes/fusion/fusion_rules.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/families/families.h"
#include "passes/families/tools.h"
#include "passes/fusion/line_sums.h"
#include "passes/schedule/convolution_geometry.h"
#include "passes/schedule/cost.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Anchors that compute their operands as they go: reductions.
bool isReduction(Operation *op) {
  auto anchor = dyn_cast<ir::AnchorInterface>(op);
  return anchor && !anchor.readsOperandsFromMemory();
}

bool readsMemory(Operation *op) {
  auto anchor = dyn_cast<ir::AnchorInterface>(op);
  return anchor && anchor.readsOperandsFromMemory();
}

/// Whether `op` repeats what a reduction over `reduced` of a tensor of `shape` gives along these
/// dimensions again.
bool repeatsAlong(ir::BroadcastInDimOp op, ArrayRef<int64_t> reduced, ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> kept, keptShape;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d)
    if (!llvm::is_contained(reduced, d)) {
      kept.push_back(d);
      keptShape.push_back(shape[d]);
    }
  return op.getBroadcastDimensions() == ArrayRef<int64_t>(kept) && shapeOf(op) == shape &&
         shapeOf(op.getOperand()) == ArrayRef<int64_t>(keptShape);
}

/// Whether `op` repeats a value over a row group's inner dimensions (dims 0, 1, … of the outer), or
/// over the dimensions that a column group reduces.
bool isOuterBroadcast(Operation *op, const FusionGroup &group) {
  auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op);
  if (!broadcast)
    return false;
  Operation *first = group.members.front();
  if (group.family == ir::KernelFamily::column)
    return repeatsAlong(broadcast, reducedDimensions(first), shapeOf(first->getOperand(0)));
  if (group.family != ir::KernelFamily::row)
    return false;
  for (auto [index, dimension] : llvm::enumerate(broadcast.getBroadcastDimensions()))
    if (static_cast<int64_t>(index) != dimension)
      return false;
  return shapeOf(broadcast.getOperand()) == ArrayRef<int64_t>(group.outer);
}

/// Whether `op` repeats a value of each line over the lines of the group's images.
bool isLineBroadcast(Operation *op, const FusionGroup &group) {
  auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op);
  auto rank = static_cast<int64_t>(group.outer.size());
  return broadcast && repeatsAlong(broadcast, {rank - 2}, group.outer);
}

bool isWholeShape(ArrayRef<int64_t> shape, const FusionGroup &group) {
  return shape.size() == group.outer.size() + group.inner.size() &&
         shape.take_front(group.outer.size()) == ArrayRef<int64_t>(group.outer) &&
         shape.drop_front(group.outer.size()) == ArrayRef<int64_t>(group.inner);
}

/// A reduction to a scalar is one task: what follows it on all elements runs in parallel elsewhere.
bool isGroupShape(ArrayRef<int64_t> shape, const FusionGroup &group) {
  bool singleTask = group.family == ir::KernelFamily::row && group.outer.empty();
  return (isWholeShape(shape, group) && !singleTask) || shape == ArrayRef<int64_t>(group.outer);
}

/// Whether a reduction over `op`'s dimensions is over exactly the inner dimensions of the group.
bool reducesInner(Operation *op, const FusionGroup &group) {
  if (group.family != ir::KernelFamily::row || !isWholeShape(shapeOf(op->getOperand(0)), group))
    return false;
  llvm::SmallVector<int64_t> dimensions = reducedDimensions(op);
  return dimensions.size() == group.inner.size() &&
         areTrailing(dimensions, shapeOf(op->getOperand(0)).size());
}

/// A transposed copy that only leaves the function (a mirror variable's new value).
bool isReturnedTranspose(Operation *op) {
  return isa<ir::TransposeOp>(op) &&
         llvm::all_of(op->getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
}

/// A cheap value that only reductions read: they compute it as they go, so that it is not stored.
bool servesReductionsOnly(Operation *op) {
  return !isExpensive(op) && !op->use_empty() &&
         llvm::all_of(op->getUsers(), [](Operation *user) { return isReduction(user); });
}

} // namespace

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

bool isElementwise(Operation *op) {
  return op->hasTrait<ir::Elementwise>();
}

bool isPredicate(Operation *op) {
  return getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
}

bool isReturned(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
}

bool leavesBlock(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::IsTerminator>() || isa<ir::ScanOp>(user);
  });
}

bool isTransposedCopy(Operation *op) {
  return isReturnedTranspose(op) && op->getOperand(0).getDefiningOp() &&
         isReturned(op->getOperand(0).getDefiningOp());
}

bool isView(Operation *op) {
  auto reshape = dyn_cast<ir::ReshapeOp>(op);
  if (!reshape)
    return false;
  Operation *producer = reshape.getOperand().getDefiningOp();
  return !producer || isAnchor(producer) || isElementwise(producer);
}

bool feedsMemoryReader(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    return readsMemory(user) || (isView(user) && feedsMemoryReader(user));
  });
}

bool isReadAsImageAlone(Operation *op) {
  return llvm::all_of(op->getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (readsMemory(user))
      return mayComputeImage(user, use.getOperandNumber());
    return !(isView(user) && feedsMemoryReader(user));
  });
}

bool isRepeatedByReaders(Operation *op) {
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  return !shape.empty() && llvm::any_of(op->getUsers(), [&](Operation *user) {
    return isa<ir::BroadcastInDimOp>(user) && shapeOf(user->getResult(0)).size() > shape.size();
  });
}

Reach reachThrough(Operation *op, const FusionGroup &group, Reach operands) {
  bool keeps = operands == Reach::summed ? isLineBroadcast(op, group) : isOuterBroadcast(op, group);
  return keeps || isElementwise(op) ? operands : Reach::misaligned;
}

bool isSecondStage(Operation *op, const FusionGroup &group, Reach reach) {
  return isReduction(op) && (reach == Reach::summed ||
                             (reach == Reach::aligned && group.family == ir::KernelFamily::column));
}

bool sumsLinesOf(Operation *op, const FusionGroup &group) {
  auto reduce = dyn_cast<ir::ReduceOp>(op);
  return reduce && isLineSum(reduce) && group.family && rulesOf(*group.family).sumsLines &&
         shapeOf(reduce.getOperand()) == ArrayRef<int64_t>(group.outer);
}

bool storesElementsOf(const FusionGroup &group, Operation *op) {
  if (group.family != ir::KernelFamily::column || !isElementwise(op) || isPredicate(op))
    return false;
  Operation *first = group.members.front();
  return shapeOf(op->getResult(0)) == shapeOf(first->getOperand(0)) &&
         !llvm::is_contained(reducedDimensions(first), 0);
}

bool fitsSpace(Operation *op, const FusionGroup &group) {
  if (isReduction(op))
    return reducesInner(op, group) || reducesAlike(op, group);
  if (!group.family || isa<ir::ScanOp>(op) || !rulesOf(*group.family).takesFollowers)
    return false;
  if (group.family != ir::KernelFamily::row && servesReductionsOnly(op))
    return false;
  if (isReturnedTranspose(op))
    return rulesOf(*group.family).storesTransposedCopies &&
           shapeOf(op->getOperand(0)) == ArrayRef<int64_t>(group.outer);
  return isElementwise(op) && !isPredicate(op) && isGroupShape(shapeOf(op->getResult(0)), group);
}

bool isArgmaxOf(Operation *op, const FusionGroup &group) {
  auto argmax = dyn_cast<ir::ArgmaxWindowOp>(op);
  auto reduce = dyn_cast<ir::ReduceWindowOp>(group.members.front());
  return argmax && reduce && reduce.getKind() == ir::ReductionKind::maximum &&
         argmax.getOperand() == reduce.getOperand() && argmax.getWindow() == reduce.getWindow() &&
         argmax.getStrides() == reduce.getStrides() && argmax.getLow() == reduce.getLow() &&
         argmax.getHigh() == reduce.getHigh();
}

bool reducesAlike(Operation *op, const FusionGroup &group) {
  auto reduce = dyn_cast<ir::ReduceOp>(op);
  auto first = dyn_cast<ir::ReduceOp>(group.members.front());
  return group.family == ir::KernelFamily::column && reduce && first &&
         reduce.getOperand().getType() == first.getOperand().getType() &&
         reduce.getDimensions() == first.getDimensions();
}

} // namespace lamina::passes
