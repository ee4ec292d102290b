// In which order kernels run. Kernels of one wave are independent and run in one parallel-for.
//
// New values of variables are written over the old ones, so besides operands there is a second kind
// of dependency: whoever reads a variable's old value runs before its new value is written. Where
// that is impossible the new value is computed elsewhere and copied at the end.
#include "passes/memory/plan.h"
#include "passes/passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_ASSIGNWAVES
#include "passes/passes.h.inc"

namespace {

/// Kernels without repetition, in the order of insertion.
using Kernels = llvm::SmallSetVector<Operation *, 8>;

/// The kernels of a function and their dependences.
class WaveGraph {
public:
  explicit WaveGraph(func::FuncOp function)
      : function(function), batchSize(ir::getBatchSize(function->getParentOfType<ModuleOp>())),
        terminator(function.getBody().front().getTerminator()) {}

  /// Gives every result of the function a place of its own: each is the result of a kernel and
  /// returned once, or a variable's unchanged value.
  void settleResults() {
    for (OpOperand &returned : terminator->getOpOperands()) {
      FlatSymbolRefAttr variable = ir::getResultVariable(function, returned.getOperandNumber());
      if (variable)
        settleVariable(returned, ir::findVariableArgument(function, variable.getValue()));
      else
        settleExternal(returned);
    }
  }

  /// Every kernel in the first wave after those that it depends on; kernels are then put into the
  /// order of waves.
  void assignWaves() {
    llvm::SmallVector<Operation *> kernels;
    for (Operation &op : function.getBody().front().without_terminator())
      kernels.push_back(&op);
    llvm::DenseMap<Operation *, int64_t> waves = computeWaves(kernels);
    llvm::sort(kernels, [&](Operation *a, Operation *b) {
      return waves[a] != waves[b] ? waves[a] < waves[b] : a->isBeforeInBlock(b);
    });
    Builder builder(function.getContext());
    for (Operation *kernel : kernels) {
      cast<ir::KernelOp>(kernel).setWaveAttr(builder.getI64IntegerAttr(waves[kernel]));
      kernel->moveBefore(terminator);
    }
  }

private:
  void settleVariable(OpOperand &returned, Value old) {
    if (returned.get() == old)
      return;
    if (old && isa<OpResult>(returned.get()) && !settled.contains(returned.get()) &&
        tryWriteInPlace(returned.get(), old)) {
      settled.insert(returned.get());
      return;
    }
    if (!old && isa<OpResult>(returned.get()) && settled.insert(returned.get()).second)
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
    if (isa<BlockArgument>(returned.get()) || !settled.insert(returned.get()).second)
      copy(returned);
  }

  /// Lets the function return a copy.
  void copy(OpOperand &returned) {
    Value source = returned.get();
    OpBuilder builder(terminator);
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

  bool expands(Operation *kernel) const {
    auto bytesOf = [&](ValueRange values) {
      int64_t bytes = 0;
      for (Value value : values)
        bytes += getBufferBytes(cast<RankedTensorType>(value.getType()), batchSize);
      return bytes;
    };
    return bytesOf(kernel->getResults()) > bytesOf(kernel->getOperands());
  }

  func::FuncOp function;
  int64_t batchSize;
  Operation *terminator;
  /// Kernels' results that the function returns, each once.
  llvm::DenseSet<Value> settled;
  /// Which kernel overwrites a variable's old value.
  llvm::DenseMap<Value, Operation *> writers;
};

struct AssignWavesPass : impl::AssignWavesBase<AssignWavesPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    for (Operation &op : function.getBody().front().without_terminator())
      if (!isa<ir::KernelOp>(op)) {
        op.emitOpError("is outside of a kernel; waves are assigned after fusion");
        return signalPassFailure();
      }
    WaveGraph graph(function);
    graph.settleResults();
    graph.assignWaves();
  }
};

} // namespace
} // namespace lamina::passes
