#include "passes/memory/plan.h"

#include "ir/region_arguments.h"
#include "passes/families/families.h"
#include "passes/memory/loop_memory.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// How many of the first `count` arguments or results are not variables.
template <typename GetVariable>
int64_t countExternal(func::FuncOp function, unsigned count, GetVariable getVariable) {
  int64_t external = 0;
  for (unsigned index = 0; index < count; ++index)
    external += !getVariable(function, index);
  return external;
}

MemoryLocation locationOfVariable(FlatSymbolRefAttr symbol, func::FuncOp function) {
  auto variable = SymbolTable::lookupNearestSymbolFrom<ir::VariableOp>(function, symbol);
  return {ir::MemorySpace::state, static_cast<int64_t>(variable.getOffset().value_or(0)),
          variable.getLayoutAttr()};
}

/// The variable whose new value is `value`, null when it is none's.
FlatSymbolRefAttr assignedVariable(Value value) {
  for (OpOperand &use : value.getUses())
    if (auto returned = dyn_cast<func::ReturnOp>(use.getOwner()))
      if (auto symbol = ir::getResultVariable(cast<func::FuncOp>(returned->getParentOp()),
                                              use.getOperandNumber()))
        return symbol;
  return nullptr;
}

/// The arguments, or the results, of a function that stand for variables.
class VariableUses {
public:
  VariableUses(SymbolTable &symbols, func::FuncOp function, llvm::StringRef what)
      : symbols(symbols), function(function), what(what) {}

  LogicalResult add(FlatSymbolRefAttr symbol, Type type) {
    if (!symbol)
      return success();
    auto variable = symbols.lookup<ir::VariableOp>(symbol.getValue());
    if (!variable)
      return function.emitOpError() << what << " names " << symbol << ", which is not a variable";
    if (variable.getTensorType() != type)
      return function.emitOpError() << what << " of type " << type << " stands for " << symbol
                                    << " of type " << variable.getTensorType();
    if (!seen.insert(symbol).second)
      return function.emitOpError() << "has more than one " << what << " for " << symbol;
    return success();
  }

private:
  SymbolTable &symbols;
  func::FuncOp function;
  llvm::StringRef what;
  llvm::SmallPtrSet<Attribute, 16> seen;
};

} // namespace

int64_t getElementBytes(Type elementType) {
  return llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

int64_t getBufferBytes(RankedTensorType type, int64_t batchSize, ir::PackedAttr layout) {
  int64_t elements = layout ? layout.countElements(type) : ir::getCapacityElements(type, batchSize);
  return elements * getElementBytes(type.getElementType());
}

int64_t getStorageBytes(ir::VariableOp variable) {
  return getBufferBytes(variable.getTensorType(), 1, variable.getLayoutAttr());
}

FlatSymbolRefAttr variableOf(Value value) {
  auto argument = dyn_cast<BlockArgument>(ir::originOf(value));
  if (!argument)
    return nullptr;
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function ? ir::getArgumentVariable(function, argument.getArgNumber()) : nullptr;
}

ir::PackedAttr layoutOf(Value value) {
  value = ir::originOf(value);
  FlatSymbolRefAttr symbol = variableOf(value);
  if (!symbol)
    symbol = assignedVariable(value);
  if (!symbol)
    return nullptr;
  Operation *user =
      value.getDefiningOp() ? value.getDefiningOp() : value.getParentBlock()->getParentOp();
  return SymbolTable::lookupNearestSymbolFrom<ir::VariableOp>(user, symbol).getLayoutAttr();
}

int64_t getExternalArgumentIndex(func::FuncOp function, unsigned argument) {
  return countExternal(function, argument, ir::getArgumentVariable);
}

int64_t getExternalResultIndex(func::FuncOp function, unsigned result) {
  return countExternal(function, result, ir::getResultVariable);
}

MemoryLocation locationOf(Value value, func::FuncOp function) {
  value = ir::originOf(value);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (auto scan = dyn_cast<ir::ScanOp>(argument.getOwner()->getParentOp()))
      return locationInBody(scan, argument, function);
    assert(argument.getOwner()->getParentOp() == function && "an argument with its own value");
    unsigned index = argument.getArgNumber();
    if (FlatSymbolRefAttr symbol = ir::getArgumentVariable(function, index))
      return locationOfVariable(symbol, function);
    return {ir::MemorySpace::argument, getExternalArgumentIndex(function, index), nullptr};
  }
  auto result = cast<OpResult>(value);
  if (isa<ir::ScanOp>(result.getOwner()))
    return locationOfLoopResult(result, ir::getBatchSize(function->getParentOfType<ModuleOp>()));
  if (std::optional<MemoryLocation> location = locationByLoop(result, function))
    return *location;
  auto buffers = cast<ir::KernelOp>(result.getOwner()).getBuffersAttr();
  auto buffer = cast<ir::BufferAttr>(buffers[result.getResultNumber()]);
  if (buffer.getSpace() != ir::MemorySpace::state)
    return {buffer.getSpace(), buffer.getOffset(), nullptr};
  FlatSymbolRefAttr symbol = assignedVariable(value);
  ir::PackedAttr layout = symbol ? locationOfVariable(symbol, function).layout : nullptr;
  return {buffer.getSpace(), buffer.getOffset(), layout};
}

bool storesTransposed(ir::KernelOp kernel, unsigned result) {
  auto transpose = kernel.getYielded()[result].getDefiningOp<ir::TransposeOp>();
  if (!transpose)
    return false;
  const FamilyRules &rules = rulesOf(kernel.getFamily());
  if (kernel.getFamily() != ir::KernelFamily::map)
    return rules.storesTransposedCopies;
  // An elementwise kernel goes through the elements of its first result, which may be a transpose
  // itself.
  Value first = kernel.getYielded()[0];
  return (transpose.getOperand() == first || !first.getDefiningOp<ir::TransposeOp>()) &&
         transpose.getOperand().getType().getShape() ==
             cast<RankedTensorType>(kernel.getResult(0).getType()).getShape();
}

/// Whether `user` reduces columns whose elements the kernel goes through once, and stores on the
/// way.
static bool takesElementsInOnce(Operation *user, ir::KernelOp kernel) {
  return isa<ir::ReduceOp>(user) && kernel.getFamily() == ir::KernelFamily::column &&
         anchorsByStage(kernel).size() == 1;
}

bool mayOverwrite(ir::KernelOp kernel, unsigned operand, unsigned result) {
  auto shapeOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getShape(); };
  if (shapeOf(kernel.getInputs()[operand]) != shapeOf(kernel.getResult(result)))
    return false;
  auto isStoredElsewhere = [&](Value value) {
    return llvm::all_of(value.getUses(), [&](OpOperand &use) {
      return isa<ir::YieldOp>(use.getOwner()) && use.getOperandNumber() != result &&
             storesTransposed(kernel, use.getOperandNumber());
    });
  };
  llvm::SmallSetVector<Value, 16> dependent;
  dependent.insert(kernel.getBlock().getArgument(operand));
  for (size_t i = 0; i < dependent.size(); ++i)
    for (Operation *user : dependent[i].getUsers()) {
      if (user->hasTrait<ir::Elementwise>())
        dependent.insert(user->getResult(0));
      else if (!isa<ir::YieldOp>(user) && !takesElementsInOnce(user, kernel) &&
               !(isa<ir::TransposeOp>(user) && isStoredElsewhere(user->getResult(0))))
        return false;
    }
  return dependent.contains(kernel.getYielded()[result]);
}

LogicalResult checkVariables(ModuleOp module) {
  SymbolTable symbols(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    VariableUses arguments(symbols, function, "argument"), results(symbols, function, "result");
    for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
      if (failed(arguments.add(ir::getArgumentVariable(function, index), type)))
        return failure();
    for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
      if (failed(results.add(ir::getResultVariable(function, index), type)))
        return failure();
  }
  return success();
}

} // namespace lamina::passes
