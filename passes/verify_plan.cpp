// Replays waves against a memory plan. It shares with the planner only where a value is said to
// live (locationOf) and when a kernel may overwrite an operand (mayOverwrite).
#include "passes/plan.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Bytes of the arena or the state; of arguments and results the index.
struct Extent {
  ir::MemorySpace space;
  int64_t begin, end;

  bool operator==(const Extent &other) const = default;
  bool overlaps(const Extent &other) const {
    return space == other.space && begin < other.end && other.begin < end;
  }
};

/// A piece of memory and the value in it.
struct Held {
  Extent extent;
  Value value;

  bool operator==(const Held &other) const = default;
};

std::string describe(const Extent &extent) {
  return (ir::stringifyMemorySpace(extent.space) + " " + llvm::Twine(extent.begin)).str();
}

class PlanReplay {
public:
  PlanReplay(func::FuncOp function, int64_t batchSize, int64_t stateBytes)
      : function(function), batchSize(batchSize), stateBytes(stateBytes) {
    auto arena = function->getAttrOfType<IntegerAttr>(kArenaBytesAttr);
    arenaBytes = arena ? arena.getInt() : 0;
  }

  LogicalResult run() {
    for (BlockArgument argument : function.getArguments())
      held.push_back({extentOf(argument), argument});
    llvm::SmallVector<ir::KernelOp> kernels(function.getOps<ir::KernelOp>());
    for (size_t begin = 0, end; begin < kernels.size(); begin = end) {
      end = begin + 1;
      while (end < kernels.size() && kernels[end].getWave() == kernels[begin].getWave())
        ++end;
      if (failed(runWave(ArrayRef(kernels).slice(begin, end - begin))))
        return failure();
      if (end < kernels.size() && kernels[end].getWave() < kernels[begin].getWave())
        return kernels[end].emitOpError("stands behind a kernel of a later wave");
    }
    return checkResults();
  }

private:
  LogicalResult runWave(ArrayRef<ir::KernelOp> wave) {
    for (ir::KernelOp kernel : wave)
      if (failed(checkReads(kernel)) || failed(checkBounds(kernel)))
        return failure();
    for (ir::KernelOp writer : wave)
      for (OpResult result : writer->getOpResults())
        for (ir::KernelOp other : wave)
          if (failed(checkWrite(result, other)))
            return failure();
    for (ir::KernelOp kernel : wave)
      for (OpResult result : kernel->getOpResults())
        write(result);
    return success();
  }

  LogicalResult checkReads(ir::KernelOp kernel) {
    for (OpOperand &operand : kernel->getOpOperands())
      if (!isInPlace(operand.get()))
        return kernel.emitOpError() << "operand " << operand.getOperandNumber() << " is not in "
                                    << describe(extentOf(operand.get())) << " when it runs";
    return success();
  }

  LogicalResult checkBounds(ir::KernelOp kernel) {
    for (OpResult result : kernel->getOpResults()) {
      Extent extent = extentOf(result);
      bool inArena = extent.space == ir::MemorySpace::arena;
      bool returned = llvm::any_of(result.getUsers(),
                                   [](Operation *user) { return isa<func::ReturnOp>(user); });
      if (inArena == returned)
        return kernel.emitOpError()
               << "writes " << describe(extent) << " but its result " << result.getResultNumber()
               << " is " << (returned ? "returned" : "not returned");
      if (!inArena && extent.space != ir::MemorySpace::state)
        continue;
      int64_t bytes = inArena ? arenaBytes : stateBytes;
      if (extent.begin % kBufferAlignment != 0 || extent.begin < 0 ||
          extent.end + kBufferSlack > bytes)
        return kernel.emitOpError() << "writes " << describe(extent) << ", which is not aligned or"
                                    << " not within the " << bytes << " bytes of it";
    }
    return success();
  }

  /// `other` runs in the same wave as the kernel that writes `result`, or is that kernel.
  LogicalResult checkWrite(OpResult result, ir::KernelOp other) {
    auto writer = cast<ir::KernelOp>(result.getOwner());
    Extent extent = extentOf(result);
    for (OpOperand &operand : other->getOpOperands()) {
      Extent read = extentOf(operand.get());
      bool inPlace = writer == other && read == extent &&
                     mayOverwrite(other, operand.getOperandNumber(), result.getResultNumber());
      if (extent.overlaps(read) && !inPlace)
        return other.emitOpError()
               << "operand " << operand.getOperandNumber() << " is overwritten in "
               << describe(extent) << " while it is read";
    }
    for (OpResult second : other->getOpResults())
      if (second != result && extent.overlaps(extentOf(second)))
        return other.emitOpError()
               << "writes " << describe(extent) << " together with another result";
    return success();
  }

  LogicalResult checkResults() {
    Operation *terminator = function.getBody().front().getTerminator();
    for (OpOperand &returned : terminator->getOpOperands()) {
      unsigned index = returned.getOperandNumber();
      if (!isInPlace(returned.get()) ||
          locationOf(returned.get(), function) != expectedLocation(index))
        return terminator->emitOpError() << "operand " << index << " is not where result " << index
                                         << " of the function belongs";
    }
    return success();
  }

  MemoryLocation expectedLocation(unsigned index) {
    FlatSymbolRefAttr symbol = ir::getResultVariable(function, index);
    if (!symbol)
      return {ir::MemorySpace::result, getExternalResultIndex(function, index), nullptr};
    auto variable = SymbolTable::lookupNearestSymbolFrom<ir::VariableOp>(function, symbol);
    return {ir::MemorySpace::state, static_cast<int64_t>(variable.getOffset().value_or(0)),
            variable.getLayoutAttr()};
  }

  Extent extentOf(Value value) {
    MemoryLocation location = locationOf(value, function);
    if (location.space == ir::MemorySpace::argument || location.space == ir::MemorySpace::result)
      return {location.space, location.offset, location.offset + 1};
    auto type = cast<RankedTensorType>(value.getType());
    return {location.space, location.offset,
            location.offset + getBufferBytes(type, batchSize, location.layout)};
  }

  bool isInPlace(Value value) { return llvm::is_contained(held, Held{extentOf(value), value}); }

  void write(OpResult result) {
    Extent extent = extentOf(result);
    llvm::erase_if(held, [&](const Held &other) { return other.extent.overlaps(extent); });
    held.push_back({extent, result});
  }

  func::FuncOp function;
  int64_t batchSize, stateBytes, arenaBytes = 0;
  /// What memory holds between waves.
  llvm::SmallVector<Held> held;
};

/// Variables must lie apart from each other within the state.
LogicalResult verifyState(ModuleOp module, int64_t stateBytes) {
  llvm::SmallVector<ir::VariableOp> variables(module.getOps<ir::VariableOp>());
  for (ir::VariableOp variable : variables)
    if (!variable.getOffset() || *variable.getOffset() % kBufferAlignment != 0)
      return variable.emitOpError("has no aligned place in the state");
  llvm::sort(variables,
             [](ir::VariableOp a, ir::VariableOp b) { return *a.getOffset() < *b.getOffset(); });
  for (size_t i = 0; i < variables.size(); ++i) {
    int64_t end = *variables[i].getOffset() + getStorageBytes(variables[i]);
    int64_t limit = i + 1 < variables.size() ? static_cast<int64_t>(*variables[i + 1].getOffset())
                                             : stateBytes - kBufferSlack;
    if (end > limit)
      return variables[i].emitOpError()
             << "ends at byte " << end << " of the state, behind " << limit;
  }
  return success();
}

} // namespace

LogicalResult verifyMemoryPlan(ModuleOp module) {
  auto state = module->getAttrOfType<IntegerAttr>(kStateBytesAttr);
  int64_t stateBytes = state ? state.getInt() : 0;
  if (failed(verifyState(module, stateBytes)))
    return failure();
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    for (Operation &op : function.getBody().front().without_terminator()) {
      auto kernel = dyn_cast<ir::KernelOp>(op);
      if (!kernel || !kernel.getWave() || !kernel.getBuffers())
        return op.emitOpError("has no place in the memory plan");
    }
    if (failed(PlanReplay(function, ir::getBatchSize(module), stateBytes).run()))
      return failure();
  }
  return success();
}

} // namespace lamina::passes
