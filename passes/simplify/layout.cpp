// How operands of contractions are laid out in memory, decided once for the whole module so that
// parameters keep their layout from step to step.
//
// The kernels for contractions read vectors along the right operand's last dimension, so that one
// must be free. Where it is not, the right operand is transposed. A variable is not transposed in
// every step: a mirror variable repeats it in the other order and is written when the variable is.
// Right operands of contractions, and filters of convolutions, are then packed in panels of one
// vector's width; variables that are updated together with them (optimizer slots) are packed alike,
// so that updates run over flat storage.
#include "ir/module.h"
#include "ir/region_arguments.h"
#include "passes/memory/plan.h"
#include "passes/passes.h"
#include "passes/schedule/memory_layout.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_LAYOUT
#include "passes/passes.h.inc"

namespace {

llvm::SmallVector<ir::DotGeneralOp> contractionsOf(func::FuncOp function) {
  llvm::SmallVector<ir::DotGeneralOp> dots;
  function.walk([&](ir::DotGeneralOp dot) { dots.push_back(dot); });
  return dots;
}

//===--- Order of dimensions -----------------------------------------------------------------===//

/// A right operand without free dimensions becomes the left one. With free dimensions on one side
/// alone the result's dimensions keep their order.
ir::DotGeneralOp swapWhenOnlyLeftIsFree(ir::DotGeneralOp dot) {
  if (!dot.getRhsFreeDimensions().empty() || dot.getLhsFreeDimensions().empty())
    return dot;
  OpBuilder builder(dot);
  auto swapped = builder.create<ir::DotGeneralOp>(
      dot.getLoc(), dot.getRhs(), dot.getLhs(), dot.getRhsBatchingDimensions(),
      dot.getLhsBatchingDimensions(), dot.getRhsContractingDimensions(),
      dot.getLhsContractingDimensions());
  dot.replaceAllUsesWith(swapped.getResult());
  dot.erase();
  return swapped;
}

/// The order batching, contracting, free of the right operand's dimensions; empty when its last
/// dimension is free already or none is.
llvm::SmallVector<int64_t> neededPermutation(ir::DotGeneralOp dot) {
  llvm::SmallVector<int64_t> free = dot.getRhsFreeDimensions();
  if (free.empty() || free.back() == dot.getRhs().getType().getRank() - 1)
    return {};
  llvm::SmallVector<int64_t> permutation(dot.getRhsBatchingDimensions());
  llvm::append_range(permutation, dot.getRhsContractingDimensions());
  llvm::append_range(permutation, free);
  return permutation;
}

/// Makes `dot` read `transposed`, whose dimensions are in the order of neededPermutation().
void readTransposed(ir::DotGeneralOp dot, Value transposed) {
  size_t batching = dot.getRhsBatchingDimensions().size();
  size_t contracting = dot.getRhsContractingDimensions().size();
  auto first = llvm::to_vector(llvm::seq<int64_t>(0, batching));
  auto second = llvm::to_vector(llvm::seq<int64_t>(batching, batching + contracting));
  dot.getRhsMutable().assign(transposed);
  dot.setRhsBatchingDimensions(first);
  dot.setRhsContractingDimensions(second);
}

//===--- Mirrors -----------------------------------------------------------------------------===//

/// The mirror variables of a module.
class Mirrors {
public:
  explicit Mirrors(ModuleOp module) : symbols(module) {}

  /// An argument of `function` with the mirror of `variable` in the order `permutation`.
  Value getArgument(func::FuncOp function, FlatSymbolRefAttr variable,
                    ArrayRef<int64_t> permutation) {
    ir::VariableOp mirror = getOrCreate(variable, permutation);
    if (Value argument = ir::findVariableArgument(function, mirror.getSymName()))
      return argument;
    unsigned index = function.getNumArguments();
    function.insertArgument(index, mirror.getTensorType(), ir::portOf(mirror), mirror.getLoc());
    return function.getArgument(index);
  }

  /// Lets `function` write the mirror of each variable that it writes.
  void addResults(func::FuncOp function) {
    for (ir::VariableOp mirror : created)
      addResult(function, mirror);
  }

private:
  ir::VariableOp find(FlatSymbolRefAttr variable, ArrayRef<int64_t> permutation) {
    for (auto candidate : cast<ModuleOp>(symbols.getOp()).getOps<ir::VariableOp>())
      if (candidate.getMirrorAttr() == variable && *candidate.getPermutation() == permutation)
        return candidate;
    return nullptr;
  }

  ir::VariableOp getOrCreate(FlatSymbolRefAttr variable, ArrayRef<int64_t> permutation) {
    if (ir::VariableOp mirror = find(variable, permutation))
      return mirror;
    auto original = symbols.lookup<ir::VariableOp>(variable.getValue());
    OpBuilder builder(original.getContext());
    builder.setInsertionPointAfter(original);
    RankedTensorType type = original.getTensorType();
    llvm::SmallVector<int64_t> shape;
    for (int64_t dimension : permutation)
      shape.push_back(type.getDimSize(dimension));
    auto mirror = builder.create<ir::VariableOp>(
        original.getLoc(), nameOf(original, permutation), type.clone(shape), /*path=*/"",
        /*trainable=*/false, ir::PackedAttr{}, variable, builder.getDenseI64ArrayAttr(permutation),
        IntegerAttr{});
    symbols.insert(mirror); // makes the name unique
    created.push_back(mirror);
    return mirror;
  }

  /// "W^T" for matrices; with more dimensions the permutation tells several mirrors apart.
  static std::string nameOf(ir::VariableOp original, ArrayRef<int64_t> permutation) {
    std::string name = original.getSymName().str() + "^T";
    if (permutation.size() > 2)
      name += llvm::join(llvm::map_range(permutation, [](int64_t d) { return std::to_string(d); }),
                         "_");
    return name;
  }

  static void addResult(func::FuncOp function, ir::VariableOp mirror) {
    Operation *terminator = function.getBody().front().getTerminator();
    for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
      if (ir::getResultVariable(function, index) != mirror.getMirrorAttr())
        continue;
      if (variableOf(value) == mirror.getMirrorAttr())
        return; // unchanged, and so is the mirror
      OpBuilder builder(terminator);
      Value transposed =
          builder.create<ir::TransposeOp>(value.getLoc(), value, *mirror.getPermutation());
      unsigned last = function.getNumResults();
      terminator->insertOperands(last, transposed);
      function.insertResult(last, transposed.getType(), ir::portOf(mirror));
      return;
    }
  }

  SymbolTable symbols;
  llvm::SmallVector<ir::VariableOp> created;
};

/// Gives every contraction of a function a right operand whose last dimension is free.
class RightOperands {
public:
  RightOperands(func::FuncOp function, Mirrors &mirrors) : function(function), mirrors(mirrors) {}

  void normalize() {
    for (ir::DotGeneralOp dot : contractionsOf(function)) {
      dot = swapWhenOnlyLeftIsFree(dot);
      llvm::SmallVector<int64_t> permutation = neededPermutation(dot);
      if (!permutation.empty())
        readTransposed(dot, getTransposed(*dot->getBlock(), dot.getRhs(), permutation));
    }
    function.walk([&](ir::ConvolutionOp op) { readMirror(op.getRhsMutable()); });
    function.walk([&](ir::WinogradFilterOp op) { readMirror(op.getFilterMutable()); });
  }

private:
  /// A filter that is a transposed variable (the gradient by the input reads one) is its mirror.
  void readMirror(OpOperand &filter) {
    auto transpose = filter.get().getDefiningOp<ir::TransposeOp>();
    FlatSymbolRefAttr variable = transpose ? variableOf(transpose.getOperand()) : nullptr;
    if (!variable)
      return;
    filter.assign(readMirrorIn(*transpose->getBlock(), variable, transpose.getPermutation()));
    if (transpose.use_empty())
      transpose.erase();
  }

  /// The mirror as operations of `block` may use it.
  Value readMirrorIn(Block &block, FlatSymbolRefAttr variable, ArrayRef<int64_t> permutation) {
    return ir::bringInto(block, mirrors.getArgument(function, variable, permutation));
  }

  /// For operations of `block`.
  Value getTransposed(Block &block, Value value, ArrayRef<int64_t> permutation) {
    if (FlatSymbolRefAttr variable = variableOf(value))
      return readMirrorIn(block, variable, permutation);
    OpBuilder builder(function.getContext());
    Value &copy = copies[{value, builder.getDenseI64ArrayAttr(permutation)}];
    if (!copy) {
      builder.setInsertionPointAfterValue(value);
      copy = builder.create<ir::TransposeOp>(value.getLoc(), value, permutation);
    }
    return copy;
  }

  func::FuncOp function;
  Mirrors &mirrors;
  llvm::DenseMap<std::pair<Value, Attribute>, Value> copies;
};

//===--- Packing -----------------------------------------------------------------------------===//

/// Chooses which variables are packed.
class Packing {
public:
  explicit Packing(ModuleOp module) : module(module), symbols(module) {}

  void run() {
    for (auto function : module.getOps<func::FuncOp>()) {
      for (ir::DotGeneralOp dot : contractionsOf(function))
        packRightOperand(dot);
      function.walk([&](ir::ConvolutionOp op) { packFilter(op.getRhs(), op.getGroups()); });
      function.walk([&](ir::WinogradFilterOp op) { packFilter(op.getFilter(), /*groups=*/1); });
    }
    if (auto step = symbols.lookup<func::FuncOp>(ir::kTrainStep); step && !step.isExternal())
      packConnected(step);
  }

private:
  void packRightOperand(ir::DotGeneralOp dot) {
    FlatSymbolRefAttr variable = variableOf(dot.getRhs());
    if (variable && dot.getRhs().getType().getRank() == 2 &&
        dot.getRhsContractingDimensions() == ArrayRef<int64_t>{0})
      pack(variable);
  }

  /// Filters of one group, or of groups that fill whole panels.
  void packFilter(Value filter, int64_t groups) {
    FlatSymbolRefAttr variable = variableOf(filter);
    auto type = cast<RankedTensorType>(filter.getType());
    int64_t filters = type.getShape().back();
    if (variable && (groups == 1 || filters / groups % panelWidth(type.getElementType()) == 0))
      pack(variable);
  }

  void pack(FlatSymbolRefAttr symbol) {
    auto variable = symbols.lookup<ir::VariableOp>(symbol.getValue());
    RankedTensorType type = variable.getTensorType();
    int64_t last = type.getRank() - 1;
    if (isa<FloatType>(type.getElementType()) && type.getDimSize(last) > 1)
      variable.setLayoutAttr(
          ir::PackedAttr::get(module.getContext(), last, panelWidth(type.getElementType())));
  }

  bool isPacked(FlatSymbolRefAttr symbol) const {
    return symbols.lookup<ir::VariableOp>(symbol.getValue()).getLayoutAttr() != nullptr;
  }

  /// Packs what elementwise operations join with a packed variable of the same shape.
  void packConnected(func::FuncOp step) {
    llvm::SmallVector<std::pair<FlatSymbolRefAttr, Value>> variables = connect(step);
    llvm::SmallPtrSet<void *, 16> packed;
    for (auto [symbol, value] : variables)
      if (isPacked(symbol))
        packed.insert(leaderOf(value));
    for (auto [symbol, value] : variables)
      if (packed.contains(leaderOf(value)))
        pack(symbol);
  }

  /// Joins the values of `step` and lists the variables' old and new values, vectors left out.
  llvm::SmallVector<std::pair<FlatSymbolRefAttr, Value>> connect(func::FuncOp step) {
    step.walk([&](Operation *op) {
      if (op->hasTrait<ir::Elementwise>())
        for (Value operand : llvm::map_range(op->getOperands(), ir::originOf))
          if (!isRepeated(operand))
            join(operand, op->getResult(0));
    });
    llvm::SmallVector<std::pair<FlatSymbolRefAttr, Value>> variables;
    auto add = [&](FlatSymbolRefAttr symbol, Value value) {
      if (symbol && cast<RankedTensorType>(value.getType()).getRank() >= 2)
        variables.push_back({symbol, value});
    };
    for (BlockArgument argument : step.getArguments())
      add(variableOf(argument), argument);
    Operation *terminator = step.getBody().front().getTerminator();
    for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
      FlatSymbolRefAttr symbol = ir::getResultVariable(step, index);
      if (Value old = symbol ? ir::findVariableArgument(step, symbol.getValue()) : Value())
        join(old, value);
      add(symbol, value);
    }
    return variables;
  }

  /// Constants and broadcasts are shared by variables that have nothing to do with each other.
  static bool isRepeated(Value value) {
    Operation *op = value.getDefiningOp();
    return op && isa<ir::ConstantOp, ir::BroadcastInDimOp, ir::IotaOp>(op);
  }

  void join(Value a, Value b) {
    connected.unionSets(a.getAsOpaquePointer(), b.getAsOpaquePointer());
  }
  void *leaderOf(Value value) {
    return connected.getOrInsertLeaderValue(value.getAsOpaquePointer());
  }

  ModuleOp module;
  SymbolTable symbols;
  llvm::EquivalenceClasses<void *> connected;
};

struct LayoutPass : impl::LayoutBase<LayoutPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkVariables(module)))
      return signalPassFailure();
    Mirrors mirrors(module);
    for (auto function : module.getOps<func::FuncOp>())
      RightOperands(function, mirrors).normalize();
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal())
        mirrors.addResults(function);
    Packing(module).run();
  }
};

} // namespace
} // namespace lamina::passes
