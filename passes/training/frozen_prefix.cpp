#include "passes/training/frozen_prefix.h"

#include <map>
#include <tuple>

#include "ir/gradients/differentiate.h"
#include "ir/module.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "passes/passes.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// What the functions that training calls are, in the order in which they are looked at.
constexpr llvm::StringLiteral kFunctions[] = {ir::kLoss, ir::kEvaluate, ir::kPredict};

/// Whether rows are the first dimension and no other.
bool hasRowsFirst(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() > 0 && type.isDynamicDim(0) && type.getNumDynamicDims() == 1;
}

bool areRowsContracted(ir::DotGeneralOp op) {
  return (hasRowsFirst(op.getLhs()) && llvm::is_contained(op.getLhsContractingDimensions(), 0)) ||
         (hasRowsFirst(op.getRhs()) && llvm::is_contained(op.getRhsContractingDimensions(), 0));
}

/// Whether each row of the results follows from the same row of the operands. Types tell most of
/// it: rows are the first dimension of operands and results alike.
bool isRowwise(Operation *op) {
  if (op->hasTrait<ir::Elementwise>())
    return true;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([](ir::BroadcastInDimOp op) {
        return !op.getBroadcastDimensions().empty() && op.getBroadcastDimensions()[0] == 0;
      })
      .Case([](ir::TransposeOp op) { return op.getPermutation()[0] == 0; })
      .Case([](ir::ConcatenateOp op) { return op.getDimension() != 0; })
      .Case([](ir::ReduceOp op) { return !llvm::is_contained(op.getDimensions(), 0); })
      .Case([](ir::ArgmaxOp op) { return op.getDimension() != 0; })
      .Case([](ir::DotGeneralOp op) { return !areRowsContracted(op); })
      .Case<ir::ReduceWindowOp, ir::ArgmaxWindowOp>([](auto op) { return op.getWindow()[0] == 1; })
      .Case([](ir::GatherOp op) {
        return op.getBatching() > 0 || !hasRowsFirst(op.getOperand()) ||
               !hasRowsFirst(op.getIndices());
      })
      .Case<ir::ReshapeOp, ir::SliceOp, ir::PadOp, ir::ConvolutionOp, ir::AttentionOp,
            ir::StopGradientOp>([](auto) { return true; })
      .Default([](Operation *) { return false; });
}

/// The values of @loss that every epoch finds the same: constants of the training, and rows.
class Analysis {
public:
  explicit Analysis(func::FuncOp loss) : loss(loss) {
    for (BlockArgument argument : loss.getArguments())
      if (loss.getArgAttr(argument.getArgNumber(), ir::kInputAttr))
        rows.insert(argument);
      else if (isFrozen(argument))
        constants.insert(argument);
    for (Operation &op : loss.getBody().front().without_terminator())
      classify(op);
  }

  /// The values of the frozen part that the rest of the model reads, in the order in which they are
  /// computed.
  llvm::SetVector<Value> frontier() {
    llvm::SetVector<Value> values;
    for (Operation &op : llvm::reverse(loss.getBody().front().without_terminator()))
      for (Value result : op.getResults())
        if (rows.contains(result) && isNeededOutside(result)) {
          // It may become a multiply-add with what follows.
          if (isa<ir::MultiplyOp>(op) && !isNeededInside(result))
            rows.erase(result);
          else
            values.insert(result);
        }
    llvm::SetVector<Value> ordered;
    for (Value value : llvm::reverse(values))
      ordered.insert(value);
    return ordered;
  }

private:
  bool isFrozen(BlockArgument argument) {
    auto name = ir::getArgumentVariable(loss, argument.getArgNumber());
    if (!name)
      return false;
    for (unsigned i = 0; i < loss.getNumResults(); ++i)
      if (ir::getResultVariable(loss, i) == name)
        return false; // assigned in every step
    auto module = loss->getParentOfType<ModuleOp>();
    return !module.lookupSymbol<ir::VariableOp>(name.getValue()).getTrainable();
  }

  void classify(Operation &op) {
    if (op.getNumRegions() > 0 || !isPure(&op) || isa<ir::RowsOp, ir::RngBitsOp>(op))
      return;
    if (llvm::all_of(op.getOperands(), [&](Value v) { return constants.contains(v); })) {
      constants.insert(op.result_begin(), op.result_end());
      return;
    }
    for (Value operand : op.getOperands())
      if (!constants.contains(operand) && !(rows.contains(operand) && hasRowsFirst(operand)))
        return;
    if (isRowwise(&op) && llvm::all_of(op.getResults(), hasRowsFirst))
      rows.insert(op.result_begin(), op.result_end());
  }

  bool isUsedBy(Value value, bool inside) const {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      return (user->getNumResults() > 0 && rows.contains(user->getResult(0))) == inside;
    });
  }
  bool isNeededOutside(Value value) const { return isUsedBy(value, false); }
  bool isNeededInside(Value value) const { return isUsedBy(value, true); }

  func::FuncOp loss;
  llvm::DenseSet<Value> constants, rows;
};

/// Numbers for values, the same for the same computation in several functions.
class ValueNumbers {
public:
  /// All values of `function` with their numbers, in its order.
  std::vector<std::pair<Value, int>> number(func::FuncOp function) {
    llvm::DenseMap<Value, int> numbers;
    std::vector<std::pair<Value, int>> values;
    auto set = [&](Value value, const Key &key) {
      int number = known.try_emplace(key, static_cast<int>(known.size())).first->second;
      numbers[value] = number;
      values.emplace_back(value, number);
    };
    for (BlockArgument argument : function.getArguments()) {
      DictionaryAttr what = function.getArgAttrDict(argument.getArgNumber());
      set(argument, {nullptr, what.getAsOpaquePointer(), nullptr, {}});
    }
    for (Operation &op : function.getBody().front().without_terminator()) {
      std::vector<int> operands;
      for (Value operand : op.getOperands())
        operands.push_back(numbers.lookup(operand));
      // What has a region, or draws numbers, is like nothing else.
      if (op.getNumRegions() > 0 || isa<ir::RngBitsOp>(op))
        operands.push_back(-++unique);
      for (OpResult result : op.getResults()) {
        Key key = {op.getName().getAsOpaquePointer(), op.getAttrDictionary().getAsOpaquePointer(),
                   result.getType().getAsOpaquePointer(), operands};
        std::get<3>(key).push_back(static_cast<int>(result.getResultNumber()));
        set(result, key);
      }
    }
    return values;
  }

private:
  using Key = std::tuple<const void *, const void *, const void *, std::vector<int>>;
  std::map<Key, int> known;
  int unique = 0;
};

/// What makes an argument an input, or a result an output, with the name of the value `index`.
DictionaryAttr makePort(MLIRContext *context, llvm::StringRef role, size_t index) {
  auto name = StringAttr::get(context, "frozen/" + std::to_string(index));
  return DictionaryAttr::get(context, NamedAttribute(StringAttr::get(context, role), name));
}

/// The positions of a function's inputs among its arguments.
llvm::SmallVector<unsigned> inputsOf(func::FuncOp function) {
  llvm::SmallVector<unsigned> positions;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, ir::kInputAttr))
      positions.push_back(i);
  return positions;
}

/// The module's copy becomes one whose @predict returns the values.
void makePrefix(ModuleOp copy, ArrayRef<Value> values) {
  for (func::FuncOp function : llvm::make_early_inc_range(copy.getOps<func::FuncOp>()))
    if (function.getName() != ir::kLoss && function.getName() != ir::kInit)
      function.erase();
  auto function = copy.lookupSymbol<func::FuncOp>(ir::kLoss);
  function.setSymName(ir::kPredict);
  Operation *terminator = function.getBody().front().getTerminator();
  function.eraseResults(llvm::BitVector(function.getNumResults(), true));
  terminator->setOperands(values);
  for (auto [i, value] : llvm::enumerate(values))
    function.insertResult(i, value.getType(), makePort(copy.getContext(), ir::kOutputAttr, i));
  ir::eraseDeadOperations(function.getBody().front());
  llvm::BitVector unused(function.getNumArguments());
  for (BlockArgument argument : function.getArguments())
    if (argument.use_empty() && !function.getArgAttr(argument.getArgNumber(), ir::kInputAttr))
      unused.set(argument.getArgNumber());
  function.eraseArguments(unused);
}

/// Gives a function inputs behind its own, one of each type; those of its `values` that have the
/// number in `wanted` are what they replace.
void takeAsInputs(func::FuncOp function, ArrayRef<std::pair<Value, int>> values,
                  ArrayRef<int> wanted, ArrayRef<Type> types) {
  llvm::SmallVector<unsigned> inputs = inputsOf(function);
  unsigned position = inputs.empty() ? 0 : inputs.back() + 1;
  for (auto [i, type] : llvm::enumerate(types)) {
    function.insertArgument(position + i, type, makePort(function.getContext(), ir::kInputAttr, i),
                            function.getLoc());
    for (auto [value, number] : values)
      if (number == wanted[i])
        Value(value).replaceAllUsesWith(function.getArgument(position + i));
  }
  ir::eraseDeadOperations(function.getBody().front());
}

/// Erases the inputs that no function reads; the numbers of the others.
std::vector<size_t> dropInputs(ArrayRef<func::FuncOp> functions, size_t inputs) {
  auto inputOf = [](func::FuncOp function, size_t number) { return inputsOf(function)[number]; };
  std::vector<size_t> kept;
  for (size_t number = inputs; number-- > 0;) {
    bool isRead = llvm::any_of(functions, [&](func::FuncOp function) {
      return !function.getArgument(inputOf(function, number)).use_empty();
    });
    if (isRead)
      kept.insert(kept.begin(), number);
    else
      for (func::FuncOp function : functions)
        function.eraseArgument(inputOf(function, number));
  }
  return kept;
}

} // namespace

FrozenPrefix splitFrozenPrefix(ModuleOp module, const PipelineOptions &options) {
  FrozenPrefix prefix;
  // Attention is recognized as a whole, or it would be cut where one of its operands is trained.
  PassManager manager(module.getContext());
  if (options.attention)
    manager.addNestedPass<func::FuncOp>(createAttention());
  if (failed(manager.run(module)))
    return prefix;
  auto loss = module.lookupSymbol<func::FuncOp>(ir::kLoss);
  if (!loss)
    return prefix;
  ir::eraseDeadOperations(loss.getBody().front());
  llvm::SetVector<Value> frontier = Analysis(loss).frontier();
  if (frontier.empty())
    return prefix;
  auto types = llvm::map_to_vector(frontier, [](Value value) { return value.getType(); });

  IRMapping mapping;
  prefix.module = cast<ModuleOp>(module->clone(mapping));
  makePrefix(*prefix.module,
             llvm::map_to_vector(frontier, [&](Value value) { return mapping.lookup(value); }));

  ValueNumbers numbers;
  llvm::SmallVector<int> wanted;
  llvm::DenseMap<Value, int> ofLoss;
  for (auto [value, number] : numbers.number(loss))
    ofLoss[value] = number;
  for (Value value : frontier)
    wanted.push_back(ofLoss.at(value));
  size_t inputs = inputsOf(loss).size();
  llvm::SmallVector<func::FuncOp> functions;
  for (llvm::StringRef name : kFunctions)
    if (auto function = module.lookupSymbol<func::FuncOp>(name)) {
      takeAsInputs(function, numbers.number(function), wanted, types);
      functions.push_back(function);
    }
  prefix.keptInputs = dropInputs(functions, inputs);
  return prefix;
}

} // namespace lamina::passes
