#include "passes/fusion/fusion_rules.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/families/families.h"
#include "passes/families/tools.h"
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

/// Whether `op` repeats a value over a row group's inner dimensions (dims 0, 1, … of the outer).
bool isOuterBroadcast(Operation *op, const FusionGroup &group) {
  auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op);
  if (!broadcast || group.family != ir::KernelFamily::row)
    return false;
  for (auto [index, dimension] : llvm::enumerate(broadcast.getBroadcastDimensions()))
    if (static_cast<int64_t>(index) != dimension)
      return false;
  return shapeOf(broadcast.getOperand()) == ArrayRef<int64_t>(group.outer);
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

bool isRepeatedByReaders(Operation *op) {
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  return !shape.empty() && llvm::any_of(op->getUsers(), [&](Operation *user) {
    return isa<ir::BroadcastInDimOp>(user) && shapeOf(user->getResult(0)).size() > shape.size();
  });
}

Reach reachThrough(Operation *op, const FusionGroup &group, Reach operands) {
  if (operands != Reach::aligned || isElementwise(op) || isOuterBroadcast(op, group))
    return operands;
  return Reach::misaligned;
}

bool fitsSpace(Operation *op, const FusionGroup &group) {
  if (isReduction(op))
    return reducesInner(op, group);
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
