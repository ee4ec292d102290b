// Which operations share a kernel.
//
// Anchors (contractions, reductions) open groups; elementwise operations join the group of their
// operands when they run over the same space and no value would have to leave the group and come
// back. All other operations float: they are cloned into whoever reads them, unless they are
// expensive and read by several kernels, feed a contraction, or leave the function; then they get a
// map kernel of their own.
#include "passes/fuse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/convolution_geometry.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Operations that are computed again in each of several readers rather than stored, at most.
constexpr size_t kMostRepeated = 16;

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

bool isElementwise(Operation *op) {
  return op->hasTrait<ir::Elementwise>();
}

bool isReduction(Operation *op) {
  return isa<ir::ReduceOp, ir::ArgmaxOp>(op);
}

/// Operations that read their operands through pointers of their own.
bool readsMemory(Operation *op) {
  return isa<ir::DotGeneralOp, ir::ConvolutionOp, ir::FilterGradientOp, ir::WinogradConvolutionOp,
             ir::WinogradFilterOp, ir::ReduceWindowOp, ir::ArgmaxWindowOp, ir::WindowScatterOp,
             ir::ScatterOp>(op);
}

/// Truth values are cheaper to compute again than to store.
bool isPredicate(Operation *op) {
  return getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
}

bool isExpensive(Operation *op) {
  return isa<ir::CosineOp, ir::DivideOp, ir::ErfOp, ir::ExponentialOp, ir::ExponentialMinusOneOp,
             ir::LogOp, ir::LogPlusOneOp, ir::LogisticOp, ir::PowerOp, ir::RemainderOp,
             ir::RngBitsOp, ir::RsqrtOp, ir::SineOp, ir::SqrtOp, ir::TanOp, ir::TanhOp>(op);
}

/// Whether an anchor can read this through strides alone: a reshape of a value in memory.
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

/// How a value relates to the members of a group when only cloned operations stand between.
enum class Reach { none, aligned, misaligned };

Reach combine(Reach a, Reach b) {
  return std::max(a, b);
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

Reach reach(Value value, const FusionGroup &group,
            const llvm::DenseMap<Operation *, FusionGroup *> &owner) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return Reach::none;
  FusionGroup *holder = owner.lookup(op);
  if (holder == &group)
    return isa<ir::TransposeOp>(op) ? Reach::misaligned : Reach::aligned;
  if (holder || isAnchor(op))
    return Reach::none;
  Reach result = Reach::none;
  for (Value operand : op->getOperands())
    result = combine(result, reach(operand, group, owner));
  if (result != Reach::aligned || isElementwise(op) || isOuterBroadcast(op, group))
    return result;
  return Reach::misaligned;
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

bool isReturned(Operation *op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
}

/// A returned transpose of what is returned itself, too.
bool isTransposedCopy(Operation *op) {
  return isReturnedTranspose(op) && op->getOperand(0).getDefiningOp() &&
         isReturned(op->getOperand(0).getDefiningOp());
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

/// Whether `op` finds the places of the maxima that `group` computes.
bool isArgmaxOf(Operation *op, const FusionGroup &group) {
  auto argmax = dyn_cast<ir::ArgmaxWindowOp>(op);
  auto reduce = dyn_cast<ir::ReduceWindowOp>(group.members.front());
  return argmax && reduce && reduce.getKind() == ir::ReductionKind::maximum &&
         argmax.getOperand() == reduce.getOperand() && argmax.getWindow() == reduce.getWindow() &&
         argmax.getStrides() == reduce.getStrides() && argmax.getLow() == reduce.getLow() &&
         argmax.getHigh() == reduce.getHigh();
}

/// The values of a shape that `value` is computed from elementwise, as far as they come from groups
/// or from outside.
void collectSources(Value value, const llvm::DenseMap<Operation *, FusionGroup *> &owner,
                    llvm::SmallPtrSetImpl<Operation *> &seen, llvm::SetVector<Value> &sources) {
  Operation *op = value.getDefiningOp();
  if (!op || owner.contains(op) || !isElementwise(op)) {
    sources.insert(value);
    return;
  }
  if (seen.insert(op).second)
    for (Value operand : op->getOperands())
      if (shapeOf(operand) == shapeOf(value))
        collectSources(operand, owner, seen, sources);
}

/// Whether `op` reduces the same dimensions as the reduction that opened a column group, of
/// elements that are computed from some of the same: memory is walked once for both.
bool isSiblingOf(Operation *op, const FusionGroup &group,
                 const llvm::DenseMap<Operation *, FusionGroup *> &owner) {
  auto reduce = dyn_cast<ir::ReduceOp>(op);
  auto first = dyn_cast<ir::ReduceOp>(group.members.front());
  if (group.family != ir::KernelFamily::column || !reduce || !first ||
      reduce.getOperand().getType() != first.getOperand().getType() ||
      reduce.getDimensions() != first.getDimensions())
    return false;
  llvm::SetVector<Value> sources, others;
  llvm::SmallPtrSet<Operation *, 16> seen, seenByOther;
  collectSources(reduce.getOperand(), owner, seen, sources);
  collectSources(first.getOperand(), owner, seenByOther, others);
  return llvm::any_of(sources, [&](Value source) {
    return others.contains(source) && !source.getDefiningOp<ir::BroadcastInDimOp>();
  });
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

/// Whether a reader repeats the result of `op`, one of several elements, to a larger tensor.
bool isRepeatedByReaders(Operation *op) {
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  return !shape.empty() && llvm::any_of(op->getUsers(), [&](Operation *user) {
    return isa<ir::BroadcastInDimOp>(user) && shapeOf(user->getResult(0)).size() > shape.size();
  });
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

} // namespace

bool isAnchor(Operation *op) {
  return isReduction(op) || readsMemory(op);
}

FusionGroup &FusionPlan::createGroup(Operation *op) {
  FusionGroup &group = *groups.emplace_back(std::make_unique<FusionGroup>());
  group.members.push_back(op);
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  group.outer.assign(shape.begin(), shape.end());
  group.family = familyOf(op);
  if (group.family == ir::KernelFamily::row) {
    ArrayRef<int64_t> whole = shapeOf(op->getOperand(0));
    group.inner.assign(whole.begin() + group.outer.size(), whole.end());
  }
  owner[op] = &group;
  return group;
}

/// Whether `op` needs a result of `target`. With `throughClones` direct operands and cloned
/// operations between do not count, since they can be part of the target itself.
bool FusionPlan::dependsOn(Operation *op, FusionGroup *target, bool throughClones) const {
  llvm::SmallPtrSet<Operation *, 32> seen, seenInside;
  llvm::SmallVector<std::pair<Operation *, bool>> work;
  auto push = [&](Operation *user, bool inside) {
    for (Value operand : user->getOperands())
      if (Operation *producer = operand.getDefiningOp())
        work.push_back({producer, inside});
  };
  push(op, throughClones);
  while (!work.empty()) {
    auto [producer, inside] = work.pop_back_val();
    FusionGroup *holder = owner.lookup(producer);
    if (holder == target) {
      if (!inside)
        return true;
      continue;
    }
    if (inside && !holder) {
      if (seenInside.insert(producer).second)
        push(producer, true);
      continue;
    }
    if (!seen.insert(producer).second)
      continue;
    if (!holder) {
      push(producer, false);
      continue;
    }
    for (Operation *member : holder->members) {
      seen.insert(member);
      push(member, false);
    }
  }
  return false;
}

bool FusionPlan::tryMerge(Operation *op, FusionGroup &group) {
  bool isSibling = isSiblingOf(op, group, owner) && !dependsOn(op, &group, /*throughClones=*/false);
  if (isSibling || (isArgmaxOf(op, group) && !dependsOn(op, &group, /*throughClones=*/true))) {
    addMember(op, group);
    return true;
  }
  if (!fitsSpace(op, group))
    return false;
  Reach reached = Reach::none;
  for (Value operand : op->getOperands())
    reached = combine(reached, reach(operand, group, owner));
  if (reached != Reach::aligned || dependsOn(op, &group, /*throughClones=*/true))
    return false;
  addMember(op, group);
  return true;
}

void FusionPlan::addMember(Operation *op, FusionGroup &group) {
  group.members.push_back(op);
  owner[op] = &group;
}

void FusionPlan::addAnchors(Block &block, bool fuse) {
  for (Operation &op : block.without_terminator()) {
    bool merged = false;
    // The latest group first: it is the one that the others may have fed.
    for (auto &group : llvm::reverse(groups))
      if (fuse && (merged = tryMerge(&op, *group)))
        break;
    if (!merged && isAnchor(&op))
      createGroup(&op);
  }
}

void FusionPlan::collectConsumers(Operation *op,
                                  llvm::SmallPtrSetImpl<FusionGroup *> &consumers) const {
  for (Operation *user : op->getUsers()) {
    if (isa<func::ReturnOp>(user))
      continue;
    if (FusionGroup *holder = owner.lookup(user))
      consumers.insert(holder);
    else
      collectConsumers(user, consumers);
  }
}

/// Whether computing `op` again in every reader would repeat a long chain of operations.
bool FusionPlan::isLong(Operation *op) const {
  if (isPredicate(op) || shapeOf(op->getResult(0)).empty())
    return false;
  llvm::SmallPtrSet<Operation *, 32> seen = {op};
  llvm::SmallVector<Operation *> work = {op};
  while (!work.empty() && seen.size() <= kMostRepeated)
    for (Value operand : work.pop_back_val()->getOperands())
      if (Operation *producer = operand.getDefiningOp(); producer && !owner.count(producer) &&
                                                         !matchPattern(producer, m_Constant()) &&
                                                         seen.insert(producer).second)
        work.push_back(producer);
  return seen.size() > kMostRepeated;
}

/// Whether `op` is the end of work worth storing that its readers repeat along other dimensions:
/// scales and shifts of normalizations.
bool FusionPlan::repeatsExpensiveWork(Operation *op) const {
  if (!isElementwise(op) || isPredicate(op) || !isRepeatedByReaders(op))
    return false;
  llvm::SmallPtrSet<Operation *, 16> seen = {op};
  llvm::SmallVector<Operation *> work = {op};
  while (!work.empty()) {
    Operation *next = work.pop_back_val();
    if (isExpensive(next))
      return true;
    for (Value operand : next->getOperands())
      if (Operation *producer = operand.getDefiningOp(); producer && isElementwise(producer) &&
                                                         !owner.count(producer) &&
                                                         seen.insert(producer).second)
        work.push_back(producer);
  }
  return false;
}

void FusionPlan::materializeOne(Operation *op, bool fuse) {
  llvm::SmallPtrSet<FusionGroup *, 4> consumers;
  collectConsumers(op, consumers);
  bool constant = matchPattern(op, m_Constant());
  bool worthStoring = fuse ? isa<ir::ConcatenateOp>(op) || repeatsExpensiveWork(op) ||
                                 (consumers.size() > 1 && (isExpensive(op) || isLong(op)))
                           : !constant;
  if (!isReturned(op) && !(feedsMemoryReader(op) && !isView(op)) && !worthStoring)
    return;
  for (FusionGroup *consumer : consumers) {
    bool sameSpace = fuse && consumer->family == ir::KernelFamily::map && isElementwise(op) &&
                     shapeOf(op->getResult(0)) == ArrayRef<int64_t>(consumer->outer);
    if (!sameSpace)
      continue;
    // Joining puts `op` before its consumers in the group; nothing outside may stand between.
    consumer->members.insert(consumer->members.begin(), op);
    owner[op] = consumer;
    bool cyclic = llvm::any_of(consumer->members, [&](Operation *member) {
      return dependsOn(member, consumer, /*throughClones=*/true);
    });
    if (!cyclic)
      return;
    consumer->members.erase(consumer->members.begin());
    owner.erase(op);
  }
  createGroup(op);
}

void FusionPlan::materialize(Block &block, bool fuse) {
  for (Operation &op : llvm::reverse(block.without_terminator()))
    if (!owner.count(&op) && !(fuse && isTransposedCopy(&op)))
      materializeOne(&op, fuse);
  // Whoever computes the elements stores them in both orders.
  for (Operation &op : block.without_terminator()) {
    if (owner.count(&op) || !(fuse && isTransposedCopy(&op)))
      continue;
    FusionGroup *group = owner.lookup(op.getOperand(0).getDefiningOp());
    if (group && group->family == ir::KernelFamily::map && fitsSpace(&op, *group))
      addMember(&op, *group);
    else
      materializeOne(&op, fuse);
  }
}

bool FusionPlan::isReadFromMemory(Operation *op, FusionGroup *consumer) const {
  FusionGroup *holder = owner.lookup(op);
  if (!holder || holder == consumer)
    return false;
  // A map kernel whose operand comes from the consumer itself: the consumer computes a clone.
  bool cyclic = holder->family == ir::KernelFamily::map &&
                llvm::any_of(holder->members, [&](Operation *member) {
                  return dependsOn(member, consumer, /*throughClones=*/false);
                });
  return !cyclic;
}

void FusionPlan::order() {
  llvm::SetVector<FusionGroup *> done;
  std::function<void(FusionGroup *)> visit = [&](FusionGroup *group) {
    if (done.contains(group))
      return;
    llvm::SmallVector<Operation *> work(group->members.begin(), group->members.end());
    llvm::SmallPtrSet<Operation *, 16> seen(work.begin(), work.end());
    while (!work.empty())
      for (Value operand : work.pop_back_val()->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (!producer || !seen.insert(producer).second)
          continue;
        if (isReadFromMemory(producer, group))
          visit(owner.lookup(producer));
        else
          work.push_back(producer);
      }
    done.insert(group);
  };
  for (auto &group : groups)
    visit(group.get());
  schedule = done.takeVector();
}

FusionPlan FusionPlan::make(Block &block, bool fuse) {
  FusionPlan plan;
  plan.addAnchors(block, fuse);
  plan.materialize(block, fuse);
  plan.order();
  return plan;
}

} // namespace lamina::passes
