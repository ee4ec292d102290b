#include "passes/fusion_rules.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/convolution_geometry.h"

using namespace mlir;

namespace lamina::passes {
namespace {

bool isReduction(Operation *op) {
  return isa<ir::ReduceOp, ir::ArgmaxOp>(op);
}

/// Operations that read their operands through pointers of their own.
bool readsMemory(Operation *op) {
  return isa<ir::DotGeneralOp, ir::ConvolutionOp, ir::FilterGradientOp, ir::WinogradConvolutionOp,
             ir::WinogradFilterOp, ir::ReduceWindowOp, ir::ArgmaxWindowOp, ir::WindowScatterOp,
             ir::ScatterOp>(op);
}

llvm::SmallVector<int64_t> reducedDimensions(Operation *op) {
  if (auto reduce = dyn_cast<ir::ReduceOp>(op))
    return llvm::to_vector(reduce.getDimensions());
  return {static_cast<int64_t>(cast<ir::ArgmaxOp>(op).getDimension())};
}

bool areTrailing(ArrayRef<int64_t> dimensions, int64_t rank) {
  for (auto [index, dimension] : llvm::enumerate(dimensions))
    if (dimension != rank - static_cast<int64_t>(dimensions.size() - index))
      return false;
  return true;
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

/// Families whose results pass through memory while they are summed up or stand in another order.
bool isClosed(ir::KernelFamily family) {
  return family == ir::KernelFamily::filter_gradient ||
         family == ir::KernelFamily::depthwise_gradient ||
         family == ir::KernelFamily::winograd_gradient ||
         family == ir::KernelFamily::winograd_filter || family == ir::KernelFamily::scatter;
}

} // namespace

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

bool isAnchor(Operation *op) {
  return isReduction(op) || readsMemory(op);
}

bool isElementwise(Operation *op) {
  return op->hasTrait<ir::Elementwise>();
}

bool isPredicate(Operation *op) {
  return getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
}

bool isExpensive(Operation *op) {
  return isa<ir::CosineOp, ir::DivideOp, ir::ErfOp, ir::ExponentialOp, ir::ExponentialMinusOneOp,
             ir::LogOp, ir::LogPlusOneOp, ir::LogisticOp, ir::PowerOp, ir::RemainderOp,
             ir::RngBitsOp, ir::RsqrtOp, ir::SineOp, ir::SqrtOp, ir::TanOp, ir::TanhOp>(op);
}

bool isReturned(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
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
  if (isClosed(group.family))
    return false;
  if (group.family != ir::KernelFamily::row && servesReductionsOnly(op))
    return false;
  if (isReturnedTranspose(op))
    return group.family != ir::KernelFamily::row &&
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

ir::KernelFamily familyOf(Operation *op) {
  if (isa<ir::DotGeneralOp>(op))
    return ir::KernelFamily::contraction;
  if (auto convolution = dyn_cast<ir::ConvolutionOp>(op))
    return isDepthwise(convolution) ? ir::KernelFamily::depthwise : ir::KernelFamily::convolution;
  if (isa<ir::WinogradConvolutionOp>(op))
    return ir::KernelFamily::winograd;
  if (isa<ir::WinogradFilterOp>(op))
    return ir::KernelFamily::winograd_filter;
  if (auto gradient = dyn_cast<ir::FilterGradientOp>(op); gradient && gradient.getWinograd())
    return ir::KernelFamily::winograd_gradient;
  if (auto gradient = dyn_cast<ir::FilterGradientOp>(op))
    return isDepthwise(gradient) ? ir::KernelFamily::depthwise_gradient
                                 : ir::KernelFamily::filter_gradient;
  if (isa<ir::ReduceWindowOp, ir::ArgmaxWindowOp, ir::WindowScatterOp>(op))
    return ir::KernelFamily::window;
  if (isa<ir::ScatterOp>(op))
    return ir::KernelFamily::scatter;
  if (!isReduction(op))
    return ir::KernelFamily::map;
  return areTrailing(reducedDimensions(op), shapeOf(op->getOperand(0)).size())
             ? ir::KernelFamily::row
             : ir::KernelFamily::column;
}

} // namespace lamina::passes
