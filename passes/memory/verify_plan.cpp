// Replays what functions run against their memory plan, loops with all their iterations. It shares
// with the planner only where a value is said to live (locationOf) and when a kernel may overwrite
// an operand (mayOverwrite).
#include "ir/region_arguments.h"
#include "passes/memory/loop_memory.h"
#include "passes/memory/plan.h"

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

/// A size that the plan has noted; 0 where it has not.
int64_t bytesOf(Operation *op, llvm::StringRef attribute) {
  auto bytes = op->getAttrOfType<IntegerAttr>(attribute);
  return bytes ? bytes.getInt() : 0;
}

class PlanReplay {
public:
  explicit PlanReplay(func::FuncOp function)
      : function(function), module(function->getParentOfType<ModuleOp>()),
        batchSize(ir::getBatchSize(module)), stateBytes(bytesOf(module, kStateBytesAttr)),
        arenaBytes(bytesOf(function, kArenaBytesAttr)) {}

  LogicalResult run(const Sequence &program) {
    for (BlockArgument argument : function.getArguments())
      held.push_back({extentOf(argument), argument});
    if (failed(runSequence(program)))
      return failure();
    return checkResults();
  }

private:
  LogicalResult runSequence(const Sequence &sequence) {
    for (const auto &node : sequence) {
      auto *wave = std::get_if<Wave>(&node);
      if (failed(wave ? runWave(wave->kernels) : runLoop(std::get<Loop>(node))))
        return failure();
    }
    return success();
  }

  /// All iterations: each finds what the ones before have left.
  LogicalResult runLoop(const Loop &loop) {
    ir::ScanOp scan = loop.scan;
    auto trips = static_cast<int64_t>(scan.getTrips());
    for (int64_t trip = 0; trip < trips; ++trip) {
      ValueRange before = trip == 0 ? ValueRange(scan.getCarried()) : scan.getNextCarried();
      for (auto [argument, value] : llvm::zip(scan.getCarriedArguments(), before)) {
        iterations[scan] = trip - 1;
        Extent left = extentOf(value);
        bool isThere = isInPlace(value);
        iterations[scan] = trip;
        if (!isThere || extentOf(argument) != left)
          return scan.emitOpError() << "carried value " << argument.getArgNumber() << " is not in "
                                    << describe(extentOf(argument)) << " before iteration " << trip;
        held.push_back({left, argument});
      }
      iterations[scan] = trip;
      if (failed(runSequence(loop.body)))
        return failure();
    }
    return finishLoop(scan);
  }

  /// The results of a loop are what its iterations have left.
  LogicalResult finishLoop(ir::ScanOp scan) {
    for (auto [result, value] : llvm::zip(scan.getFinalCarried(), scan.getNextCarried())) {
      if (!isInPlace(value) || extentOf(value) != extentOf(result))
        return scan.emitOpError() << "result " << result.getResultNumber() << " is not in "
                                  << describe(extentOf(result)) << " at the end";
      held.push_back({extentOf(result), result});
    }
    for (auto [result, slice] : llvm::zip(scan.getStackedResults(), scan.getStackedSlices())) {
      for (int64_t trip = 0; trip < static_cast<int64_t>(scan.getTrips()); ++trip) {
        iterations[scan] = trip;
        if (!isInPlace(slice))
          return scan.emitOpError()
                 << "slice of iteration " << trip << " of result " << result.getResultNumber()
                 << " is not in " << describe(extentOf(slice)) << " at the end";
      }
      held.push_back({extentOf(result), result});
    }
    return success();
  }

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
      if (MemoryLocation location = locationOf(operand.get(), function);
          isOfCaller(location.space) && !location.steps.empty())
        return kernel.emitOpError()
               << "operand " << operand.getOperandNumber() << " is a slice of memory of the caller";
      else if (!isInPlace(operand.get()))
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
      bool isSlice = findLoopUse(result) != nullptr; // those follow one another
      int64_t bytes = inArena ? arenaBytes : stateBytes;
      if ((!isSlice && extent.begin % kBufferAlignment != 0) || extent.begin < 0 ||
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

  static bool isOfCaller(ir::MemorySpace space) {
    return space == ir::MemorySpace::argument || space == ir::MemorySpace::result;
  }

  Extent extentOf(Value value) {
    MemoryLocation location = locationOf(value, function);
    if (isOfCaller(location.space))
      return {location.space, location.offset, location.offset + 1};
    int64_t begin = location.offset;
    for (const MemoryStep &step : location.steps) {
      int64_t iteration = iterations.lookup(step.loop);
      begin += step.bytes * (step.modulus ? iteration % step.modulus : iteration);
    }
    auto type = cast<RankedTensorType>(value.getType());
    return {location.space, begin, begin + getBufferBytes(type, batchSize, location.layout)};
  }

  bool isInPlace(Value value) {
    value = ir::originOf(value);
    if (Value stack = findStack(value))
      return isInPlace(stack);
    return llvm::is_contained(held, Held{extentOf(value), value});
  }

  /// What `value` is a slice of; null when it is none.
  static Value findStack(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    auto scan = argument ? dyn_cast<ir::ScanOp>(argument.getOwner()->getParentOp()) : ir::ScanOp();
    if (!scan || argument.getArgNumber() < scan.getCarried().size())
      return nullptr;
    return scan->getOperand(argument.getArgNumber());
  }

  void write(OpResult result) {
    Extent extent = extentOf(result);
    llvm::erase_if(held, [&](const Held &other) { return other.extent.overlaps(extent); });
    held.push_back({extent, result});
  }

  func::FuncOp function;
  ModuleOp module;
  int64_t batchSize, stateBytes, arenaBytes;
  /// The iteration that each loop is in.
  llvm::DenseMap<Operation *, int64_t> iterations;
  /// The content of memory between waves.
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

LogicalResult verifyArena(func::FuncOp function, const Sequence &program) {
  for (ir::KernelOp kernel : kernelsOf(program))
    if (!kernel.getBuffers())
      return kernel.emitOpError("has no place in the memory plan");
  return PlanReplay(function).run(program);
}

LogicalResult verifyMemoryPlan(ModuleOp module) {
  if (failed(verifyState(module, bytesOf(module, kStateBytesAttr))))
    return failure();
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    FailureOr<Sequence> program = readProgram(function);
    if (failed(program) || failed(verifyArena(function, *program)))
      return failure();
  }
  return success();
}

} // namespace lamina::passes
