// Which operations share a kernel.
//
// Anchors (contractions, reductions) open groups; elementwise operations join the group of their
// operands when they run over the same space and no value would have to leave the group and come
// back. All other operations float: they are cloned into whoever reads them, unless they are
// expensive and read by several kernels, feed a contraction, or leave the function; then they get a
// map kernel of their own.
//
// Every operation is looked at once for what its operands say, whatever the number of paths that
// lead to it; what is asked of several operations is asked of the graph of groups.
#include "passes/fusion/fuse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/families/families.h"
#include "passes/fusion/fusion_rules.h"
#include "passes/schedule/convolution_geometry.h"
#include "passes/schedule/cost.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Operations that are computed again in each of several readers rather than stored, at most.
constexpr size_t kMostRepeated = 16;

} // namespace

//===--- Groups around anchors ----------------------------------------------------------------===//

FusionGroup &FusionPlan::createGroup(Operation *op) {
  FusionGroup &group = *groups.emplace_back(std::make_unique<FusionGroup>());
  group.number = groups.size() - 1;
  group.members.push_back(op);
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  group.outer.assign(shape.begin(), shape.end());
  if (!isa<ir::ScanOp>(op))
    group.family = familyOf(op);
  if (group.family == ir::KernelFamily::row) {
    ArrayRef<int64_t> whole = shapeOf(op->getOperand(0));
    group.inner.assign(whole.begin() + group.outer.size(), whole.end());
  }
  owner[op] = &group;
  return group;
}

/// How what a member computes relates to its group.
static Reach reachOfMember(Operation *op, const FusionGroup &group) {
  if (isa<ir::TransposeOp>(op))
    return Reach::misaligned;
  return sumsLinesOf(op, group) ? Reach::summed : Reach::aligned;
}

/// How the groups that `op` reads, directly or through operations of no group, relate to it.
FusionPlan::Reaches FusionPlan::operandReaches(Operation *op) {
  Reaches reaches;
  auto add = [&](FusionGroup *group, Reach reach) {
    Reach &known = reaches[group];
    known = std::max(known, reach);
  };
  for (Value operand : op->getOperands()) {
    ++visits;
    Operation *producer = operand.getDefiningOp();
    if (FusionGroup *holder = producer ? owner.lookup(producer) : nullptr)
      add(holder, reachOfMember(producer, *holder));
    else if (auto known = floating.find(producer); known != floating.end())
      for (auto [group, reach] : known->second)
        add(group, reach);
  }
  return reaches;
}

/// Whether `op`, which reads the groups of `reaches`, needs a result of `target`. With
/// `throughClones` direct operands and cloned operations between do not count, since they can be
/// part of the target itself.
bool FusionPlan::dependsOn(const Reaches &reaches, FusionGroup *target, bool throughClones) const {
  if (!throughClones && reaches.count(target))
    return true;
  GroupGraph::Groups others;
  for (auto [group, reach] : reaches)
    if (group != target)
      others.insert(group);
  return graph.reaches(others, target);
}

/// The values of a shape that a reduction's operand is computed from elementwise, as far as they
/// come from groups or from outside; those that are repeated from fewer elements do not count.
llvm::SmallVector<Value> FusionPlan::sourcesOf(ir::ReduceOp reduce) {
  llvm::SmallVector<Value> sources, work = {reduce.getOperand()};
  llvm::SmallPtrSet<void *, 16> seen = {reduce.getOperand().getAsOpaquePointer()};
  while (!work.empty()) {
    ++visits;
    Value value = work.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (op && !owner.contains(op) && isElementwise(op)) {
      for (Value operand : op->getOperands())
        if (shapeOf(operand) == shapeOf(value) && seen.insert(operand.getAsOpaquePointer()).second)
          work.push_back(operand);
    } else if (!isa_and_nonnull<ir::BroadcastInDimOp>(op)) {
      sources.push_back(value);
    }
  }
  return sources;
}

/// Groups that reduce elements which are computed from some of the same as those of `reduce`, or
/// from what one kernel makes of them: memory is walked once for both.
void FusionPlan::addSiblings(ir::ReduceOp reduce, const Reaches &reaches, Candidates &candidates) {
  auto add = [&](ArrayRef<FusionGroup *> columns) {
    for (FusionGroup *group : columns)
      if (reducesAlike(reduce, *group) && !dependsOn(reaches, group, /*throughClones=*/false))
        candidates.insert(group);
  };
  for (Value source : sourcesOf(reduce)) {
    add(columnsBySource.lookup(source));
    if (FusionGroup *maker = owner.lookup(source.getDefiningOp()))
      add(columnsByMaker.lookup(maker));
  }
}

/// Groups that `op` may join, the latest first: it is the one that the others may have fed.
FusionPlan::Candidates FusionPlan::findGroups(Operation *op, const Reaches &reaches) {
  Candidates candidates;
  if (auto reduce = dyn_cast<ir::ReduceOp>(op))
    addSiblings(reduce, reaches, candidates);
  if (auto argmax = dyn_cast<ir::ArgmaxWindowOp>(op))
    for (Operation *user : argmax.getOperand().getUsers())
      if (FusionGroup *group = owner.lookup(user);
          group && isArgmaxOf(op, *group) && !dependsOn(reaches, group, /*throughClones=*/true))
        candidates.insert(group);
  for (auto [group, reach] : reaches) {
    bool fits = (reach == Reach::aligned && fitsSpace(op, *group)) ||
                (reach != Reach::misaligned && sumsLinesOf(op, *group));
    bool again = group->isStaged && isSecondStage(op, *group, reach);
    if (fits && !again && !dependsOn(reaches, group, /*throughClones=*/true))
      candidates.insert(group);
  }
  return candidates;
}

void FusionPlan::addMember(Operation *op, FusionGroup &group) {
  group.members.push_back(op);
  owner[op] = &group;
}

void FusionPlan::addAnchors(Block &block, bool fuse) {
  for (Operation &op : block.without_terminator()) {
    Reaches reaches = operandReaches(&op);
    Candidates candidates = fuse ? findGroups(&op, reaches) : Candidates();
    if (!candidates.empty()) {
      FusionGroup &group =
          **std::max_element(candidates.begin(), candidates.end(),
                             [](FusionGroup *a, FusionGroup *b) { return a->number < b->number; });
      group.isStaged |= isSecondStage(&op, group, reaches.lookup(&group));
      addMember(&op, group);
    } else if (isAnchor(&op) || isa<ir::ScanOp>(op)) {
      FusionGroup &group = createGroup(&op);
      if (auto reduce = dyn_cast<ir::ReduceOp>(op);
          reduce && group.family == ir::KernelFamily::column)
        for (Value source : sourcesOf(reduce)) {
          columnsBySource[source].push_back(&group);
          if (FusionGroup *maker = owner.lookup(source.getDefiningOp()))
            columnsByMaker[maker].push_back(&group);
        }
    } else {
      for (auto &[group, reach] : reaches)
        reach = reachThrough(&op, *group, reach);
      floating[&op] = std::move(reaches);
      continue;
    }
    for (auto [group, reach] : reaches)
      graph.addRead(owner.lookup(&op), group);
  }
}

//===--- What is stored besides ---------------------------------------------------------------===//

/// The groups that read `op`, directly or through operations of no group, in the order of uses. All
/// users of `op` are settled: they come after it.
FusionPlan::Candidates FusionPlan::collectConsumers(Operation *op) const {
  Candidates consumers;
  for (Operation *user : op->getUsers()) {
    ++visits;
    if (FusionGroup *holder = owner.lookup(user))
      consumers.insert(holder);
    else if (auto known = cloners.find(user); known != cloners.end())
      consumers.insert(known->second.begin(), known->second.end());
  }
  return consumers;
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
    ++visits;
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

/// Whether `op` can precede the members of a map or column group that reads it, although
/// `consumers` then read its result from there: nothing that the group needs may need the group.
bool FusionPlan::canPrepend(Operation *op, const Reaches &reaches, FusionGroup *group,
                            const Candidates &consumers) const {
  bool isMap = group->family == ir::KernelFamily::map && isElementwise(op) &&
               shapeOf(op->getResult(0)) == ArrayRef<int64_t>(group->outer);
  if (!isMap && (reaches.count(group) || !storesElementsOf(*group, op)))
    return false;
  GroupGraph::Groups needed = graph.readsOf(group);
  for (auto [producer, reach] : reaches)
    if (producer != group)
      needed.insert(producer);
  return llvm::none_of(consumers,
                       [&](FusionGroup *consumer) { return graph.reaches(needed, consumer); });
}

/// Whether all who read `op` from memory can as well compute it as they go, from other images and
/// from numbers of their channels, and fewer images come from memory and go there then: a
/// normalized and activated image takes as many bytes to read as the one that it is made of, and is
/// not written; the gradient of a normalization is made of two, which two readers may read each.
bool FusionPlan::isComputedByReaders(Operation *op, size_t readers) const {
  if (!isElementwise(op) || isPredicate(op) || !isReadAsImageAlone(op))
    return false;
  llvm::SmallSetVector<Value, 16> values;
  values.insert(op->getResult(0));
  size_t images = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    Operation *maker = values[i].getDefiningOp();
    ++visits;
    if (!maker || owner.contains(maker)) {
      images += shapeOf(values[i]) == shapeOf(op->getResult(0));
      continue;
    }
    if (!isPartOfComputedImage(maker) || isExpensive(maker) || values.size() > kMostRepeated)
      return false;
    values.insert(maker->operand_begin(), maker->operand_end());
  }
  size_t stored = images + 1 + readers, computed = images * readers;
  return images > 0 && computed < stored;
}

/// Gives `op` a place in memory where its readers should not compute it themselves.
void FusionPlan::materializeOne(Operation *op, bool fuse) {
  Candidates consumers = collectConsumers(op);
  bool constant = matchPattern(op, m_Constant());
  bool worthStoring = fuse ? isa<ir::ConcatenateOp>(op) || repeatsExpensiveWork(op) ||
                                 (consumers.size() > 1 && (isExpensive(op) || isLong(op)))
                           : !constant;
  bool isRead =
      feedsMemoryReader(op) && !isView(op) && !(fuse && isComputedByReaders(op, consumers.size()));
  if (!leavesBlock(op) && !isRead && !worthStoring) {
    cloners[op] = std::move(consumers);
    return;
  }
  Reaches reaches = operandReaches(op);
  auto joined = llvm::find_if(consumers, [&](FusionGroup *consumer) {
    return fuse && canPrepend(op, reaches, consumer, consumers);
  });
  FusionGroup *group = joined == consumers.end() ? nullptr : *joined;
  if (group) {
    if (group->family == ir::KernelFamily::map)
      group->members.insert(group->members.begin(), op);
    else
      group->members.push_back(op);
    owner[op] = group;
  } else {
    group = &createGroup(op);
  }
  for (auto [producer, reach] : reaches)
    graph.addRead(group, producer);
  for (FusionGroup *consumer : consumers)
    graph.addRead(consumer, group);
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

//===--- The plan -----------------------------------------------------------------------------===//

bool FusionPlan::isReadFromMemory(Operation *op, FusionGroup *consumer) const {
  FusionGroup *holder = owner.lookup(op);
  if (!holder || holder == consumer)
    return false;
  if (holder->family != ir::KernelFamily::map)
    return true;
  // A map kernel whose operand comes from the consumer itself: the consumer computes a clone.
  auto [known, isNew] = clonedBy.try_emplace({holder, consumer}, false);
  if (isNew)
    known->second = graph.reaches(graph.readsOf(holder), consumer);
  return !known->second;
}

/// The groups whose results the group's kernel reads from memory, in the order of its operands.
FusionPlan::Candidates FusionPlan::collectProducers(FusionGroup *group) const {
  Candidates producers;
  llvm::SmallVector<Operation *> work(group->members.begin(), group->members.end());
  llvm::SmallPtrSet<Operation *, 16> seen(work.begin(), work.end());
  while (!work.empty())
    for (Value operand : work.pop_back_val()->getOperands()) {
      ++visits;
      Operation *producer = operand.getDefiningOp();
      if (!producer || !seen.insert(producer).second)
        continue;
      if (isReadFromMemory(producer, group))
        producers.insert(owner.lookup(producer));
      else
        work.push_back(producer);
    }
  return producers;
}

/// Puts every group behind those that it reads. Without recursion: networks are as deep as people
/// make them.
void FusionPlan::order() {
  struct Visit {
    FusionGroup *group;
    Candidates producers;
    size_t next = 0;
  };
  llvm::SmallPtrSet<FusionGroup *, 32> begun;
  std::vector<Visit> open;
  auto begin = [&](FusionGroup *group) {
    if (begun.insert(group).second)
      open.push_back({group, collectProducers(group)});
  };
  for (auto &first : groups) {
    begin(first.get());
    while (!open.empty()) {
      Visit &visit = open.back();
      if (visit.next < visit.producers.size()) {
        begin(visit.producers[visit.next++]);
        continue;
      }
      schedule.push_back(visit.group);
      open.pop_back();
    }
  }
}

FusionPlan FusionPlan::make(Block &block, bool fuse) {
  FusionPlan plan;
  plan.addAnchors(block, fuse);
  plan.materialize(block, fuse);
  plan.order();
  return plan;
}

} // namespace lamina::passes
