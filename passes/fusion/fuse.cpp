// Outlines fusion groups as lamina.kernel operations.
#include "passes/fusion/fuse.h"

#include "ir/module.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "passes/families/families.h"
#include "passes/fusion/fusion_rules.h"
#include "passes/passes.h"
#include "passes/simplify/simplify_patterns.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_FUSE
#include "passes/passes.h.inc"

namespace {

/// Builds the kernel of one group.
class KernelBuilder {
public:
  KernelBuilder(FusionPlan &plan, FusionGroup &group, IRMapping &stored)
      : plan(plan), group(group), stored(stored) {}

  /// Creates the kernel at the builder's place and records in `stored` what it leaves in memory.
  void build(OpBuilder &builder) {
    collect();
    llvm::SmallVector<Value> inputs;
    for (Value value : operands)
      inputs.push_back(stored.lookupOrDefault(value));
    llvm::SmallVector<Value> outputs = getOutputs();
    Location loc = getLocation(builder.getContext());
    auto kernel = builder.create<ir::KernelOp>(loc, ValueRange(outputs).getTypes(), *group.family,
                                               inputs, ir::Schedule{}, IntegerAttr{}, ArrayAttr{});
    Block &block = kernel.getBody().emplaceBlock();
    IRMapping inside;
    for (Value value : operands)
      inside.map(value, block.addArgument(value.getType(), value.getLoc()));
    OpBuilder bodyBuilder = OpBuilder::atBlockEnd(&block);
    for (Operation *op : body)
      bodyBuilder.clone(*op, inside);
    llvm::SmallVector<Value> yielded;
    for (Value value : outputs)
      yielded.push_back(inside.lookup(value));
    bodyBuilder.create<ir::YieldOp>(loc, yielded);
    for (auto [value, result] : llvm::zip(outputs, kernel.getResults()))
      stored.map(value, result);
  }

private:
  /// The operations of the body in block order, and the values read from memory.
  void collect() {
    llvm::SmallPtrSet<Operation *, 16> needed;
    llvm::SmallVector<Operation *> work(group.members.begin(), group.members.end());
    llvm::SmallPtrSet<Operation *, 16> members(work.begin(), work.end());
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      if (!needed.insert(op).second)
        continue;
      body.push_back(op);
      for (Value operand : op->getOperands())
        if (Operation *producer = operand.getDefiningOp();
            producer && !plan.isReadFromMemory(producer, &group))
          work.push_back(producer);
    }
    llvm::sort(body, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *op : body)
      for (Value operand : op->getOperands())
        if (!needed.contains(operand.getDefiningOp()))
          operands.insert(operand);
  }

  /// Values of members that another group reads from memory or the function returns, or that sums
  /// of lines read back.
  llvm::SmallVector<Value> getOutputs() {
    llvm::SmallPtrSet<Operation *, 4> readBack = getReadBack();
    llvm::SmallVector<Value> outputs;
    for (Operation *op : body)
      if (plan.groupOf(op) == &group && (isReadOutside(op) || readBack.contains(op)))
        outputs.append(op->result_begin(), op->result_end());
    return outputs;
  }

  /// The images among the members that sums of lines are computed from.
  llvm::SmallPtrSet<Operation *, 4> getReadBack() {
    llvm::SmallPtrSet<Operation *, 4> found;
    llvm::SmallVector<Operation *> work;
    llvm::copy_if(group.members, std::back_inserter(work),
                  [&](Operation *op) { return sumsLinesOf(op, group); });
    llvm::SmallPtrSet<Operation *, 16> seen(work.begin(), work.end());
    while (!work.empty())
      for (Value operand : work.pop_back_val()->getOperands()) {
        Operation *producer = operand.getDefiningOp();
        if (!producer || !seen.insert(producer).second)
          continue;
        if (plan.groupOf(producer) == &group)
          found.insert(producer);
        else if (!plan.isReadFromMemory(producer, &group))
          work.push_back(producer);
      }
    return found;
  }

  bool isReadOutside(Operation *op) {
    llvm::SmallVector<Operation *> work(op->user_begin(), op->user_end());
    llvm::SmallPtrSet<Operation *, 8> seen;
    while (!work.empty()) {
      Operation *user = work.pop_back_val();
      if (!seen.insert(user).second)
        continue;
      FusionGroup *holder = plan.groupOf(user);
      if (user->hasTrait<OpTrait::IsTerminator>() || (holder && holder != &group))
        return true;
      if (!holder) // cloned: whoever clones it reads this value
        for (Operation *next : user->getUsers())
          if (FusionGroup *cloner = plan.groupOf(next); !cloner || cloner != &group)
            work.push_back(next);
    }
    return false;
  }

  /// The anchor's location: its layer names the kernel.
  Location getLocation(MLIRContext *context) {
    for (Operation *op : group.members)
      if (isAnchor(op))
        return op->getLoc();
    return group.members.back()->getLoc();
  }

  FusionPlan &plan;
  FusionGroup &group;
  IRMapping &stored;
  llvm::SmallVector<Operation *> body;
  llvm::SetVector<Value> operands;
};

/// Whether `value` is zero everywhere.
bool isZero(Value value) {
  return matchSplat(value) == 0.0;
}

/// x where `op` is relu(x) in one of its forms: maximum with zero, or select(x <= 0, 0, x).
Value reluOperand(Operation *op) {
  if (auto maximum = dyn_cast<ir::MaximumOp>(op)) {
    if (isZero(maximum.getLhs()))
      return maximum.getRhs();
    return isZero(maximum.getRhs()) ? maximum.getLhs() : Value();
  }
  auto select = dyn_cast<ir::SelectOp>(op);
  auto compare = select ? select.getPredicate().getDefiningOp<ir::CompareOp>() : nullptr;
  bool matches = compare && compare.getDirection() == ir::ComparisonDirection::LE &&
                 compare.getLhs() == select.getOnFalse() && isZero(compare.getRhs()) &&
                 isZero(select.getOnTrue());
  return matches ? compare.getLhs() : Value();
}

/// Whether a comparison of x with zero says the same of relu(x): x <= 0, x > 0 and their mirrors.
bool holdsForRelu(ir::CompareOp compare, Value x) {
  using Direction = ir::ComparisonDirection;
  if (compare.getLhs() == x && isZero(compare.getRhs()))
    return compare.getDirection() == Direction::LE || compare.getDirection() == Direction::GT;
  if (compare.getRhs() == x && isZero(compare.getLhs()))
    return compare.getDirection() == Direction::GE || compare.getDirection() == Direction::LT;
  return false;
}

/// Comparisons of a relu's operand read its result instead: the backward pass then needs the
/// activation alone.
void readPredicatesFromResults(Block &block) {
  for (Operation &op : block) {
    Value x = op.getNumResults() == 1 ? reluOperand(&op) : Value();
    if (!x)
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(x.getUses())) {
      auto compare = dyn_cast<ir::CompareOp>(use.getOwner());
      bool decidesRelu = compare && llvm::is_contained(compare->getUsers(), &op);
      if (compare && !decidesRelu && op.isBeforeInBlock(compare) && holdsForRelu(compare, x))
        use.set(op.getResult(0));
    }
  }
}

/// Removes operations that need no kernel: those without use, and reductions of nothing.
void dropTrivial(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (auto reduce = dyn_cast<ir::ReduceOp>(op); reduce && reduce.getDimensions().empty())
      reduce.getOutput().replaceAllUsesWith(reduce.getOperand());
    if (isOpTriviallyDead(&op))
      op.erase();
  }
}

struct FusePass : impl::FuseBase<FusePass> {
  using FuseBase::FuseBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    function.walk([&](ir::ScanOp scan) { fuseBlock(scan.getBlock()); });
    fuseBlock(function.getBody().front());
  }

private:
  void fuseBlock(Block &block) {
    if (fuse)
      readPredicatesFromResults(block);
    dropTrivial(block);
    FusionPlan plan = FusionPlan::make(block, fuse);
    llvm::SmallVector<Operation *> old;
    for (Operation &op : block.without_terminator())
      if (!isa<ir::ScanOp>(op))
        old.push_back(&op);
    OpBuilder builder(block.getTerminator());
    IRMapping stored;
    for (FusionGroup *group : plan.getSchedule())
      if (group->family)
        KernelBuilder(plan, *group, stored).build(builder);
      else
        moveLoop(group->members.front(), builder, stored);
    readStored(block.getTerminator(), stored);
    for (Operation *op : llvm::reverse(old))
      op->erase();
  }

  /// A loop stays as it is, among the kernels.
  static void moveLoop(Operation *loop, OpBuilder &builder, const IRMapping &stored) {
    readStored(loop, stored);
    loop->moveBefore(builder.getInsertionBlock(), builder.getInsertionPoint());
  }

  static void readStored(Operation *op, const IRMapping &stored) {
    for (OpOperand &operand : op->getOpOperands())
      operand.set(stored.lookupOrDefault(operand.get()));
  }
};

} // namespace
} // namespace lamina::passes
