// In which order kernels run. Kernels of one wave are independent and run in one parallel-for.
//
// New values of variables are written over the old ones, so besides operands there is a second kind
// of dependency: whoever reads a variable's old value runs before its new value is written. Where
// that is impossible the new value is computed elsewhere and copied at the end. The same holds for
// the carried values of loops, whose bodies have waves of their own; a loop runs alone.
#include "passes/memory/waves.h"
#include "ir/region_arguments.h"
#include "passes/memory/loop_memory.h"
#include "passes/memory/plan.h"
#include "passes/passes.h"
#include "passes/schedule/cost.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_ASSIGNWAVES
#include "passes/passes.h.inc"

namespace {

/// Kernels without repetition, in the order of insertion.
using Kernels = llvm::SmallSetVector<Operation *, 8>;

bool isKernelResult(Value value) {
  return isa_and_nonnull<ir::KernelOp>(value.getDefiningOp());
}

/// The kernels and loops of a function, or of a loop's body, and their dependences.
class WaveGraph {
public:
  WaveGraph(Block &block, int64_t batchSize)
      : block(block), batchSize(batchSize), terminator(block.getTerminator()) {}

  /// Gives every result of the function a place of its own: each is the result of a kernel and
  /// returned once, or a variable's unchanged value.
  void settleResults(func::FuncOp function) {
    for (OpOperand &returned : terminator->getOpOperands()) {
      FlatSymbolRefAttr variable = ir::getResultVariable(function, returned.getOperandNumber());
      if (variable)
        settleVariable(returned, ir::findVariableArgument(function, variable.getValue()));
      else
        settleExternal(returned);
    }
  }

  /// Lets every loop begin with values that kernels put into its first slots, and take slices of
  /// what is in the arena or the state: addresses in memory of the caller are not computed.
  void settleLoopOperands() {
    for (auto scan : llvm::to_vector(block.getOps<ir::ScanOp>())) {
      for (OpOperand &carried : scan.getCarriedMutable())
        if (!isKernelResult(carried.get()) || !carried.get().hasOneUse() ||
            !settled.insert(carried.get()).second)
          copy(carried);
      for (OpOperand &stacked : scan.getStackedMutable())
        if (isExternal(stacked.get()))
          copy(stacked);
    }
  }

  /// Gives every value that the body of `scan` yields memory of its own, and chooses how many slots
  /// the carried values have.
  void settleYields(ir::ScanOp scan) {
    size_t count = scan.getCarried().size();
    for (OpOperand &next : terminator->getOpOperands().take_front(count))
      if (!isKernelResult(next.get()) || !settled.insert(next.get()).second)
        copyForAllYields(next);
    for (OpOperand &slice : terminator->getOpOperands().drop_front(count)) {
      bool isCarried = findSlotAlias(scan, slice.getOperandNumber() - count).has_value();
      if (!isCarried && (!isKernelResult(slice.get()) || !settled.insert(slice.get()).second))
        copy(slice);
    }
    llvm::SmallVector<int64_t> slots(count, 0);
    for (size_t stacked = 0; stacked < scan.getStackedResults().size(); ++stacked)
      if (auto alias = findSlotAlias(scan, stacked))
        slots[alias->carried] = static_cast<int64_t>(scan.getTrips()) + 1;
    for (auto [index, slot] : llvm::enumerate(slots))
      if (slot == 0)
        slot = tryWriteInPlace(scan.getNextCarried()[index], scan.getCarriedArguments()[index]) ? 1
                                                                                                : 2;
    scan.setSlots(slots);
  }

  /// Every kernel in the first wave after those that it depends on; kernels are then put into the
  /// order of waves.
  void assignWaves() {
    llvm::SmallVector<Operation *> kernels;
    for (Operation &op : block.without_terminator())
      kernels.push_back(&op);
    llvm::DenseMap<Operation *, int64_t> waves = computeWaves(kernels);
    llvm::sort(kernels, [&](Operation *a, Operation *b) {
      if (waves[a] != waves[b])
        return waves[a] < waves[b];
      bool isLoop = isa<ir::ScanOp>(a);
      return isLoop != isa<ir::ScanOp>(b) ? !isLoop : a->isBeforeInBlock(b);
    });
    for (Operation *op : kernels) {
      if (auto kernel = dyn_cast<ir::KernelOp>(op))
        kernel.setWave(waves[op]);
      else
        cast<ir::ScanOp>(op).setWave(waves[op]);
      op->moveBefore(terminator);
    }
  }

private:
  void settleVariable(OpOperand &returned, Value old) {
    if (returned.get() == old)
      return;
    if (old && isKernelResult(returned.get()) && !settled.contains(returned.get()) &&
        tryWriteInPlace(returned.get(), old)) {
      settled.insert(returned.get());
      return;
    }
    if (!old && isKernelResult(returned.get()) && settled.insert(returned.get()).second)
      return;
    copy(returned);
    if (!old || tryWriteInPlace(returned.get(), old))
      return;
    // The copy's source is itself about to be overwritten (variables that swap their values): from
    // a second copy it can be written after all readers of the old value.
    copy(returned);
    tryWriteInPlace(returned.get(), old);
  }

  void settleExternal(OpOperand &returned) {
    if (!isKernelResult(returned.get()) || !settled.insert(returned.get()).second)
      copy(returned);
  }

  /// Whether the value is in memory of the function's caller: an argument or a result.
  static bool isExternal(Value value) {
    auto argument = dyn_cast<BlockArgument>(ir::originOf(value));
    if (argument)
      return isa<func::FuncOp>(argument.getOwner()->getParentOp()) && !variableOf(value);
    return llvm::any_of(value.getUsers(),
                        [](Operation *user) { return isa<func::ReturnOp>(user); });
  }

  /// What else yields the same value yields the copy too.
  void copyForAllYields(OpOperand &yielded) {
    Value source = yielded.get();
    copy(yielded);
    for (OpOperand &other : terminator->getOpOperands())
      if (other.get() == source && other.getOperandNumber() > yielded.getOperandNumber() &&
          !isa<BlockArgument>(source))
        other.set(yielded.get());
  }

  /// Lets the function return, the body yield or the loop read a copy.
  void copy(OpOperand &returned) {
    Value source = returned.get();
    OpBuilder builder(returned.getOwner());
    auto kernel = builder.create<ir::KernelOp>(source.getLoc(), TypeRange(source.getType()),
                                               ir::KernelFamily::map, source, ir::Schedule{},
                                               IntegerAttr{}, ArrayAttr{});
    Block &block = kernel.getBody().emplaceBlock();
    Value element = block.addArgument(source.getType(), source.getLoc());
    OpBuilder::atBlockEnd(&block).create<ir::YieldOp>(source.getLoc(), element);
    returned.set(kernel.getResult(0));
    settled.insert(kernel.getResult(0));
  }

  /// Lets the kernel that makes `value` write it over the variable's value `old`, if it can.
  bool tryWriteInPlace(Value value, Value old) {
    auto result = cast<OpResult>(value);
    auto kernel = cast<ir::KernelOp>(result.getOwner());
    for (OpOperand &operand : kernel->getOpOperands())
      if (operand.get() == old &&
          !mayOverwrite(kernel, operand.getOperandNumber(), result.getResultNumber()))
        return false;
    Kernels after = successorsOf(kernel);
    for (size_t i = 0; i < after.size(); ++i) {
      if (llvm::is_contained(old.getUsers(), after[i]))
        return false;
      Kernels next = successorsOf(after[i]);
      after.insert(next.begin(), next.end());
    }
    writers[old] = kernel;
    return true;
  }

  /// Kernels that read a result of `kernel`, or overwrite a variable that it reads.
  Kernels successorsOf(Operation *kernel) const {
    Kernels successors;
    for (Operation *user : kernel->getUsers())
      if (user != terminator)
        successors.insert(user);
    for (Value operand : kernel->getOperands())
      if (Operation *writer = writers.lookup(operand); writer && writer != kernel)
        successors.insert(writer);
    return successors;
  }

  llvm::DenseMap<Operation *, int64_t> computeWaves(ArrayRef<Operation *> kernels) const {
    llvm::DenseMap<Operation *, int64_t> waves, pending;
    for (Operation *kernel : kernels)
      for (Operation *successor : successorsOf(kernel))
        ++pending[successor];
    llvm::SmallVector<Operation *> ready;
    llvm::copy_if(kernels, std::back_inserter(ready),
                  [&](Operation *kernel) { return pending.lookup(kernel) == 0; });
    for (size_t i = 0; i < ready.size(); ++i) {
      int64_t next = waves[ready[i]] + 1;
      for (Operation *successor : successorsOf(ready[i])) {
        waves[successor] = std::max(waves[successor], next);
        if (--pending[successor] == 0)
          ready.push_back(successor);
      }
    }
    delayExpansions(kernels, waves);
    delayRecomputed(ready, waves);
    return waves;
  }

  /// What takes more memory than it is made from is made right before it is needed.
  void delayExpansions(ArrayRef<Operation *> kernels,
                       llvm::DenseMap<Operation *, int64_t> &waves) const {
    for (Operation *kernel : kernels) {
      Kernels successors = successorsOf(kernel);
      if (waves[kernel] > 0 || successors.empty() || !expands(kernel))
        continue;
      int64_t first = std::numeric_limits<int64_t>::max();
      for (Operation *successor : successors)
        first = std::min(first, waves[successor]);
      waves[kernel] = first - 1;
    }
  }

  /// What is computed a second time is computed right before it is needed, `ordered` is each kernel
  /// after those that it depends on.
  void delayRecomputed(ArrayRef<Operation *> ordered,
                       llvm::DenseMap<Operation *, int64_t> &waves) const {
    for (Operation *kernel : llvm::reverse(ordered)) {
      if (!kernel->hasAttr(kRecomputedAttr))
        continue;
      int64_t first = std::numeric_limits<int64_t>::max();
      for (Operation *successor : successorsOf(kernel))
        first = std::min(first, waves[successor]);
      waves[kernel] = first - 1;
    }
  }

  bool expands(Operation *kernel) const {
    return countBytes(kernel->getResults(), batchSize) >
           countBytes(kernel->getOperands(), batchSize);
  }

  Block &block;
  int64_t batchSize;
  Operation *terminator;
  /// Kernels' results whose memory is chosen: what the function returns, bodies yield and loops
  /// begin with, each once.
  llvm::DenseSet<Value> settled;
  /// Which kernel overwrites a variable's old value.
  llvm::DenseMap<Value, Operation *> writers;
};

LogicalResult checkKernels(Block &block) {
  for (Operation &op : block.without_terminator())
    if (!isa<ir::KernelOp, ir::ScanOp>(op))
      return op.emitOpError("is outside of a kernel; waves are assigned after fusion");
  return success();
}

struct AssignWavesPass : impl::AssignWavesBase<AssignWavesPass> {
  void runOnOperation() override {
    if (failed(assignWaves(getOperation())))
      signalPassFailure();
  }
};

} // namespace

LogicalResult assignWaves(func::FuncOp function) {
  if (function.isExternal())
    return success();
  int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
  llvm::SmallVector<ir::ScanOp> loops;
  function.walk([&](ir::ScanOp scan) { loops.push_back(scan); });
  for (ir::ScanOp scan : loops) {
    if (failed(checkKernels(scan.getBlock())))
      return failure();
    WaveGraph graph(scan.getBlock(), batchSize);
    graph.settleLoopOperands();
    graph.settleYields(scan);
    graph.assignWaves();
  }
  if (failed(checkKernels(function.getBody().front())))
    return failure();
  WaveGraph graph(function.getBody().front(), batchSize);
  graph.settleLoopOperands();
  graph.settleResults(function);
  graph.assignWaves();
  return success();
}

} // namespace lamina::passes
