// Gives everything that compiled functions touch its place, once for the whole module: variables
// in the state, the values between kernels in one arena per function.
//
// A buffer lives from the wave of the kernel that writes it to the wave of its last reader, where a
// loop reads it to the loop's end; those of loops are in passes/memory/loop_memory.h. Kernels of
// one wave run at the same time, so buffers of one wave never share memory, except that an
// elementwise kernel may write over an operand that nobody reads afterwards.
#include "passes/memory/arena.h"
#include "passes/memory/loop_memory.h"
#include "passes/memory/plan.h"
#include "passes/memory/program.h"
#include "passes/passes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_PLANMEMORY
#define GEN_PASS_DEF_VERIFYMEMORYPLAN
#include "passes/passes.h.inc"

namespace {

/// The return's operand through which the value leaves the function, null when it stays inside.
OpOperand *findReturn(Value value) {
  for (OpOperand &use : value.getUses())
    if (isa<func::ReturnOp>(use.getOwner()))
      return &use;
  return nullptr;
}

/// Elementwise operations and values that are computed from indices or repeated from smaller
/// operands, in one pass over the results.
bool isMap(ir::KernelOp kernel) {
  return llvm::all_of(kernel.getBlock().without_terminator(), [](Operation &op) {
    return op.hasTrait<ir::Elementwise>() ||
           isa<ir::BroadcastInDimOp, ir::ConstantOp, ir::IotaOp, ir::RowsOp, ir::RngBitsOp>(op);
  });
}

/// Plans one function's arena.
class ArenaPlanner {
public:
  ArenaPlanner(func::FuncOp function, const Sequence &program)
      : function(function), program(program), kernels(kernelsOf(program)), timeline(program),
        batchSize(ir::getBatchSize(function->getParentOfType<ModuleOp>())) {}

  /// Bytes of the arena. Every kernel's results then have places.
  int64_t run() {
    addLoops();
    for (ir::KernelOp kernel : kernels)
      for (OpResult result : kernel->getOpResults())
        if (!findReturn(result) && !findLoopUse(result))
          addToArena(kernel, result);
    int64_t bytes = assignOffsets(liveBuffers);
    for (ir::ScanOp scan : loopsOf(program))
      setLoopBuffers(
          scan,
          [&](unsigned result) {
            return liveBuffers[bufferIndexOf.at(scan.getResult(result))].offset;
          },
          batchSize);
    for (ir::KernelOp kernel : kernels)
      setBuffers(kernel);
    return bytes;
  }

private:
  void addLoops() {
    for (const LoopBuffer &buffer : loopBuffersOf(program, timeline, batchSize)) {
      Value result = ir::ScanOp(buffer.scan).getResult(buffer.result);
      bufferIndexOf[result] = liveBuffers.size();
      overwritten.insert(result); // has further slots or slices
      int64_t bytes = llvm::alignTo(buffer.bytes, kBufferAlignment) + kBufferSlack;
      liveBuffers.push_back({.bytes = bytes,
                             .firstWave = buffer.lifetime.firstWave,
                             .lastWave = buffer.lifetime.lastWave});
    }
  }

  void addToArena(ir::KernelOp kernel, OpResult result) {
    auto [first, last] = timeline.lifetimeOf(result);
    if (Value operand = findDyingOperand(kernel, result)) {
      overwritten.insert(operand);
      size_t index = bufferIndexOf.at(operand);
      bufferIndexOf[result] = index;
      liveBuffers[index].lastWave = last;
      return;
    }
    bufferIndexOf[result] = liveBuffers.size();
    int64_t bytes = llvm::alignTo(bytesOf(result), kBufferAlignment) + kBufferSlack;
    liveBuffers.push_back({.bytes = bytes, .firstWave = first, .lastWave = last});
  }

  /// An operand that `kernel` alone reads in its wave, nobody reads later, and `result` may be
  /// written over; null when there is none.
  Value findDyingOperand(ir::KernelOp kernel, OpResult result) {
    if (!isMap(kernel))
      return nullptr;
    for (Value operand : kernel.getInputs())
      if (bufferIndexOf.contains(operand) && !overwritten.contains(operand) &&
          bytesOf(operand) == bytesOf(result) && isLastReader(kernel, operand) &&
          mayOverwriteAll(kernel, operand, result.getResultNumber()))
        return operand;
    return nullptr;
  }

  /// What a loop reads from outside, its kernels read again the next time.
  bool isLastReader(ir::KernelOp kernel, Value operand) const {
    auto isEarlier = [&](Operation *user) {
      auto reader = dyn_cast<ir::KernelOp>(user);
      return reader && timeline.waveOf(reader) < timeline.waveOf(kernel);
    };
    return timeline.runTogether(operand.getDefiningOp(), kernel) &&
           llvm::all_of(operand.getUsers(),
                        [&](Operation *user) { return user == kernel || isEarlier(user); });
  }

  static bool mayOverwriteAll(ir::KernelOp kernel, Value value, unsigned result) {
    return llvm::all_of(kernel->getOpOperands(), [&](OpOperand &operand) {
      return operand.get() != value || mayOverwrite(kernel, operand.getOperandNumber(), result);
    });
  }

  int64_t bytesOf(Value value) const {
    return getBufferBytes(cast<RankedTensorType>(value.getType()), batchSize);
  }

  void setBuffers(ir::KernelOp kernel) {
    llvm::SmallVector<Attribute> buffers;
    for (OpResult result : kernel->getOpResults())
      buffers.push_back(bufferOf(result));
    kernel.setBuffersAttr(ArrayAttr::get(kernel.getContext(), buffers));
  }

  ir::BufferAttr bufferOf(OpResult result) {
    MLIRContext *context = function.getContext();
    OpOperand *returned = findReturn(result);
    if (std::optional<MemoryLocation> location = locationByLoop(result, function))
      return ir::BufferAttr::get(context, location->space, location->offset);
    if (!returned)
      return ir::BufferAttr::get(context, ir::MemorySpace::arena,
                                 liveBuffers[bufferIndexOf.at(result)].offset);
    unsigned index = returned->getOperandNumber();
    FlatSymbolRefAttr symbol = ir::getResultVariable(function, index);
    if (!symbol)
      return ir::BufferAttr::get(context, ir::MemorySpace::result,
                                 getExternalResultIndex(function, index));
    auto variable = SymbolTable::lookupNearestSymbolFrom<ir::VariableOp>(function, symbol);
    return ir::BufferAttr::get(context, ir::MemorySpace::state, *variable.getOffset());
  }

  func::FuncOp function;
  const Sequence &program;
  llvm::SmallVector<ir::KernelOp> kernels;
  Timeline timeline;
  int64_t batchSize;
  llvm::SmallVector<LiveBuffer> liveBuffers;
  llvm::DenseMap<Value, size_t> bufferIndexOf;
  llvm::DenseSet<Value> overwritten;
};

/// Gives the variables offsets in the module's order and returns the bytes of the state.
int64_t planState(ModuleOp module) {
  Builder builder(module.getContext());
  int64_t offset = 0;
  for (auto variable : module.getOps<ir::VariableOp>()) {
    variable.setOffsetAttr(builder.getI64IntegerAttr(offset));
    offset += llvm::alignTo(getStorageBytes(variable), kBufferAlignment);
  }
  return offset == 0 ? 0 : llvm::alignTo(offset + kBufferSlack, kPageBytes);
}

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkVariables(module)))
      return signalPassFailure();
    Builder builder(module.getContext());
    module->setAttr(kStateBytesAttr, builder.getI64IntegerAttr(planState(module)));
    int64_t workspace = 0;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      FailureOr<Sequence> program = readProgram(function);
      if (failed(program))
        return signalPassFailure();
      workspace = std::max(workspace, planArena(function, *program));
    }
    workspace = llvm::alignTo(workspace, kPageBytes);
    module->setAttr(kWorkspaceBytesAttr, builder.getI64IntegerAttr(workspace));
#ifndef NDEBUG
    if (failed(verifyMemoryPlan(module)))
      signalPassFailure();
#endif
  }
};

struct VerifyMemoryPlanPass : impl::VerifyMemoryPlanBase<VerifyMemoryPlanPass> {
  void runOnOperation() override {
    if (failed(checkVariables(getOperation())) || failed(verifyMemoryPlan(getOperation())))
      signalPassFailure();
  }
};

} // namespace

int64_t planArena(func::FuncOp function, const Sequence &program) {
  int64_t bytes = ArenaPlanner(function, program).run();
  function->setAttr(kArenaBytesAttr, Builder(function.getContext()).getI64IntegerAttr(bytes));
  return bytes;
}

} // namespace lamina::passes
