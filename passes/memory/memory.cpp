// Gives everything that compiled functions touch its place, once for the whole module: variables
// in the state, the values between kernels in one arena per function.
#include "passes/memory/arena_buffers.h"
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

/// Plans one function's arena.
class ArenaPlanner {
public:
  ArenaPlanner(func::FuncOp function, const Sequence &program)
      : function(function), program(program),
        batchSize(ir::getBatchSize(function->getParentOfType<ModuleOp>())),
        arena(program, batchSize) {}

  /// Bytes of the arena. Every kernel's results then have places.
  int64_t run() {
    int64_t bytes = assignOffsets(arena.buffers());
    for (ir::ScanOp scan : loopsOf(program))
      setLoopBuffers(
          scan, [&](unsigned result) { return offsetOf(scan.getResult(result)); }, batchSize);
    for (ir::KernelOp kernel : kernelsOf(program))
      setBuffers(kernel);
    return bytes;
  }

private:
  int64_t offsetOf(Value value) const { return arena.buffers()[*arena.find(value)].offset; }

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
      return ir::BufferAttr::get(context, ir::MemorySpace::arena, offsetOf(result));
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
  int64_t batchSize;
  ArenaBuffers arena;
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
