// The gradient of a loop: a loop that goes through the iterations backwards.
//
// Its body is the body's gradient. What that needs of the forward pass is computed again from the
// slices and carried values of the iteration where that is cheap, and saved in stacked results of
// the forward loop where it is not. Gradients of invariant operands are sums over all iterations;
// those of contractions and sums are taken at once behind the loop, from the stacks of their
// factors.
#include "ir/gradients/differentiate.h"
#include "ir/gradients/sums_over_time.h"
#include "ir/operations/scan.h"
#include "ir/operations/term.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// Cycles of a vector from which on a value is saved: about what storing and loading it takes.
constexpr int64_t kSavedCycles = 8;

/// Whether a value of the forward body is saved for the backward body rather than computed again.
bool isSaved(Operation *op) {
  if (isa<ScanOp>(op) || isa<AnchorInterface>(op))
    return true;
  auto cost = dyn_cast<CostInterface>(op);
  return !cost || cost.getVectorCycles() >= kSavedCycles;
}

class ScanGradient {
public:
  ScanGradient(ScanOp scan, OpBuilder &builder, ValueRange resultGradients,
               const llvm::SmallBitVector &wanted)
      : scan(scan), builder(builder), resultGradients(resultGradients), wanted(wanted),
        trips(static_cast<int64_t>(scan.getTrips())), copy(scan.clone()) {}

  LogicalResult run(SmallVectorImpl<Value> &operandGradients) {
    if (failed(differentiateBody()))
      return failure();
    for (Value wanted :
         llvm::drop_begin(gradients, scan.getCarried().size() + scan.getStacked().size()))
      sumsOverTime.plan(wanted);
    eraseUnused();
    findSaved();
    buildForward();
    buildBackward();
    collect(operandGradients);
    return success();
  }

private:
  Block &block() { return copy->getBlock(); }
  Location loc() { return scan.getLoc(); }
  ArrayRef<BlockArgument> forwardArguments() {
    return ArrayRef<BlockArgument>(block().getArguments()).take_front(scan.getNumOperands());
  }
  bool isForward(Operation *op) const { return forward.contains(op); }

  /// The arguments of the body whose gradients are wanted: also of carried values that depend on
  /// such arguments after some iterations.
  llvm::SmallVector<Value> findWanted(llvm::DenseSet<Value> &varying) {
    llvm::SmallVector<Value> arguments;
    for (BlockArgument argument : forwardArguments())
      if (wanted[argument.getArgNumber()])
        arguments.push_back(argument);
    for (bool changed = true; std::exchange(changed, false);) {
      varying = findVarying(block(), arguments);
      for (auto [argument, next] :
           llvm::zip(forwardArguments().take_front(scan.getCarried().size()),
                     block().getTerminator()->getOperands()))
        if (varying.contains(next) && !varying.contains(argument)) {
          arguments.push_back(argument);
          changed = true;
        }
    }
    return arguments;
  }

  /// Adds block arguments for the gradients of what the body yields and the operations that compute
  /// those of its own arguments.
  LogicalResult differentiateBody() {
    llvm::DenseSet<Value> varying;
    llvm::SmallVector<Value> arguments = findWanted(varying);
    llvm::SmallVector<Value> seeds;
    for (auto [index, value] : llvm::enumerate(block().getTerminator()->getOperands())) {
      bool carried = index < scan.getCarried().size();
      bool flows = carried ? varying.contains(block().getArgument(index))
                           : varying.contains(value) && resultGradients[index];
      seeds.push_back(flows ? block().addArgument(value.getType(), loc()) : Value());
    }
    Operation *terminator = block().getTerminator();
    Operation *last = terminator->getPrevNode();
    OpBuilder inside(terminator);
    FailureOr<llvm::SmallVector<Value>> result = differentiate(block(), seeds, arguments, inside);
    if (failed(result))
      return failure();
    gradients.resize(scan.getNumOperands());
    for (auto [argument, gradient] : llvm::zip_equal(arguments, *result))
      gradients[cast<BlockArgument>(argument).getArgNumber()] = gradient;
    // Rules of loops inside may have replaced those by others in front of them.
    if (last)
      for (Operation *op = &block().front(); op != last->getNextNode(); op = op->getNextNode())
        forward.insert(op);
    carriedSeeds = llvm::to_vector(ArrayRef<Value>(seeds).take_front(scan.getCarried().size()));
    stackedSeeds = llvm::to_vector(ArrayRef<Value>(seeds).drop_front(scan.getCarried().size()));
    return success();
  }

  bool isInvariant(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && scan.getNumOperands() > argument.getArgNumber() &&
           argument.getArgNumber() >= scan.getCarried().size() + scan.getStacked().size();
  }

  //===--- What the backward body needs ------------------------------------------------------===//

  /// Erases what neither gradients nor the forward body's own results need.
  void eraseUnused() {
    llvm::SmallVector<Value> kept(block().getTerminator()->getOperands());
    forwardYields = kept.size();
    llvm::copy_if(gradients, std::back_inserter(kept),
                  [](Value value) { return value != nullptr; });
    llvm::append_range(kept, sumsOverTime.getStacked());
    llvm::append_range(kept, sumsOverTime.getCarried());
    block().getTerminator()->setOperands(kept);
    eraseDeadOperations(block());
  }

  /// Finds the forward values that operations of the backward pass need saved.
  void findSaved() {
    llvm::SmallVector<Value> work;
    for (Operation &op : block().without_terminator())
      if (!isForward(&op))
        llvm::append_range(work, op.getOperands());
    for (Value value : llvm::drop_begin(block().getTerminator()->getOperands(), forwardYields))
      work.push_back(value);
    llvm::DenseSet<Value> seen;
    while (!work.empty()) {
      Value value = work.pop_back_val();
      Operation *op = value.getDefiningOp();
      if (!seen.insert(value).second || (op && !isForward(op)))
        continue;
      if (!op) {
        needArgument(cast<BlockArgument>(value));
      } else if (isSaved(op)) {
        saved.insert(value);
      } else {
        repeated.insert(op);
        llvm::append_range(work, op->getOperands());
      }
    }
  }

  void needArgument(BlockArgument argument) {
    if (argument.getArgNumber() < scan.getCarried().size())
      saved.insert(argument);
    else if (argument.getArgNumber() < scan.getNumOperands())
      neededArguments.insert(argument);
  }

  /// The forward loop again, with the saved values as further stacked results.
  void buildForward() {
    auto body = std::make_unique<Region>();
    Block &target = body->emplaceBlock();
    IRMapping mapping;
    for (BlockArgument argument : forwardArguments())
      mapping.map(argument, target.addArgument(argument.getType(), argument.getLoc()));
    OpBuilder inside(scan.getContext());
    inside.setInsertionPointToEnd(&target);
    for (Operation &op : block().without_terminator())
      if (isForward(&op))
        inside.clone(op, mapping);
    llvm::SmallVector<Value> yielded;
    for (Value value : block().getTerminator()->getOperands().take_front(forwardYields))
      yielded.push_back(mapping.lookup(value));
    for (Value value : saved)
      yielded.push_back(mapping.lookup(value));
    inside.create<YieldOp>(loc(), yielded);
    OpBuilder before(scan);
    ScanOp made = createScan(before, loc(), operandsOf(scan), std::move(body), scan.getReverse());
    scan->replaceAllUsesWith(made.getResults().take_front(forwardYields));
    for (auto [value, result] : llvm::zip_equal(saved, made.getResults().drop_front(forwardYields)))
      savedStacks[value] = result;
  }

  //===--- The backward loop -----------------------------------------------------------------===//

  void buildBackward() {
    auto body = std::make_unique<Region>();
    Block &target = body->emplaceBlock();
    ScanOperands operands;
    operands.trips = trips;
    IRMapping mapping;
    auto give = [&](Value value, llvm::SmallVector<Value> &list, Value operand) {
      list.push_back(operand);
      mapping.map(value, target.addArgument(value.getType(), loc()));
    };
    // Block arguments come in the order carried, stacked, invariant.
    for (auto [seed, gradient] : llvm::zip(carriedSeeds, resultGradients))
      if (seed)
        give(seed, operands.carried, gradient ? gradient : zeros(seed.getType()));
    for (Value value : sumsOverTime.getCarried()) {
      operands.carried.push_back(zeros(value.getType()));
      sumArguments[value] = target.addArgument(value.getType(), loc());
    }
    for (Value value : saved)
      give(value, operands.stacked, savedStacks.lookup(value));
    for (auto [seed, gradient] :
         llvm::zip(stackedSeeds, resultGradients.drop_front(scan.getCarried().size())))
      if (seed)
        give(seed, operands.stacked, gradient);
    for (BlockArgument argument : neededArguments)
      if (!isInvariant(argument))
        give(argument, operands.stacked, scan->getOperand(argument.getArgNumber()));
    for (BlockArgument argument : neededArguments)
      if (isInvariant(argument))
        give(argument, operands.invariant, scan->getOperand(argument.getArgNumber()));
    buildBackwardBody(target, mapping);
    backward = createScan(builder, loc(), operands, std::move(body), !scan.getReverse());
  }

  void buildBackwardBody(Block &target, IRMapping &mapping) {
    OpBuilder inside(scan.getContext());
    inside.setInsertionPointToEnd(&target);
    for (Operation &op : block().without_terminator())
      if (!isForward(&op) || (repeated.contains(&op)))
        inside.clone(op, mapping);
    llvm::SmallVector<Value> yielded;
    for (auto [index, seed] : llvm::enumerate(carriedSeeds))
      if (seed)
        yielded.push_back(gradients[index] ? mapping.lookup(gradients[index])
                                           : splat(inside, loc(), seed.getType(), 0));
    for (Value value : sumsOverTime.getCarried())
      yielded.push_back(
          inside.create<AddOp>(loc(), sumArguments.lookup(value), mapping.lookup(value)));
    auto stack = [&](Value value) {
      if (value && !existingStack(value) && !stackNumbers.contains(value)) {
        stackNumbers[value] = yielded.size();
        yielded.push_back(mapping.lookup(value));
      }
    };
    for (Value gradient : stackedGradients())
      stack(gradient);
    for (Value value : sumsOverTime.getStacked())
      stack(value);
    inside.create<YieldOp>(loc(), yielded);
    eraseDeadOperations(target); // products whose sums are taken behind the loop
  }

  ArrayRef<Value> stackedGradients() {
    return ArrayRef<Value>(gradients).slice(scan.getCarried().size(), scan.getStacked().size());
  }

  /// A value around the loops that has `value` of all iterations; null when there is none.
  Value existingStack(Value value) {
    if (Value stack = savedStacks.lookup(value))
      return stack;
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument)
      return nullptr;
    if (argument.getArgNumber() < scan.getNumOperands())
      return isInvariant(argument) ? Value() : scan->getOperand(argument.getArgNumber());
    for (auto [seed, gradient] :
         llvm::zip(stackedSeeds, resultGradients.drop_front(scan.getCarried().size())))
      if (seed == value)
        return gradient;
    return nullptr;
  }

  Value stackOf(Value value) {
    if (Value stack = existingStack(value))
      return stack;
    return backward->getResult(stackNumbers.lookup(value));
  }

  Value zeros(Type type) { return splat(builder, loc(), type, 0); }

  Value buildSum(Value gradient) {
    return sumsOverTime.build(
        builder, loc(), gradient, [&](Value value) { return stackOf(value); },
        [&](Value value) { return sums.lookup(value); });
  }

  void collect(SmallVectorImpl<Value> &operandGradients) {
    size_t next = 0;
    for (Value seed : carriedSeeds)
      operandGradients.push_back(seed ? Value(backward->getResult(next++)) : Value());
    for (Value value : sumsOverTime.getCarried())
      sums[value] = backward->getResult(next++);
    for (Value gradient : stackedGradients())
      operandGradients.push_back(gradient ? stackOf(gradient) : Value());
    for (Value gradient :
         llvm::drop_begin(gradients, scan.getCarried().size() + scan.getStacked().size()))
      operandGradients.push_back(gradient ? buildSum(gradient) : Value());
  }

  ScanOp scan;
  OpBuilder &builder;
  ValueRange resultGradients;
  const llvm::SmallBitVector &wanted; ///< of the operands
  int64_t trips;
  /// The loop with the body's gradient behind its body.
  OwningOpRef<ScanOp> copy;
  llvm::DenseSet<Operation *> forward;
  llvm::SmallVector<Value> gradients; ///< of the body's arguments
  llvm::SmallVector<Value> carriedSeeds, stackedSeeds;
  size_t forwardYields = 0;
  /// Of the gradients of invariant operands.
  SumsOverTime sumsOverTime{[this](Operation *op) { return isForward(op); },
                            [this](Value value) { return isInvariant(value); }};
  llvm::SetVector<Value> saved;
  llvm::SetVector<BlockArgument> neededArguments;
  llvm::DenseSet<Operation *> repeated;
  llvm::DenseMap<Value, Value> savedStacks, sumArguments, sums;
  llvm::DenseMap<Value, size_t> stackNumbers;
  ScanOp backward;
};

} // namespace

LogicalResult ScanOp::buildGradient(OpBuilder &builder, ValueRange resultGradients,
                                    SmallVectorImpl<Value> &operandGradients) {
  llvm::SmallBitVector all(getNumOperands(), true);
  return ScanGradient(*this, builder, resultGradients, all).run(operandGradients);
}

LogicalResult ScanOp::buildWantedGradients(OpBuilder &builder, ValueRange resultGradients,
                                           const llvm::SmallBitVector &wanted,
                                           SmallVectorImpl<Value> &operandGradients) {
  return ScanGradient(*this, builder, resultGradients, wanted).run(operandGradients);
}

} // namespace lamina::ir
