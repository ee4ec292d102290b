// The training step: gradients and optimizer as one function.
#include "ir/module.h"
#include "ir/operations/term.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/passes.h"
#include "passes/training/inline_calls.h"
#include "passes/training/step_checks.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_STEP
#include "passes/passes.h.inc"

namespace {

/// Builds @train_step of one module.
class StepBuilder {
public:
  StepBuilder(ModuleOp module, func::FuncOp gradient, func::FuncOp optimizer)
      : module(module), gradient(gradient), optimizer(optimizer),
        builder(OpBuilder::atBlockEnd(module.getBody())) {}

  LogicalResult build();

private:
  void addArguments();
  void addArgument(Type type, Location loc, DictionaryAttr attributes);
  llvm::SmallVector<Value> gradientArguments();
  FailureOr<llvm::SmallVector<Value>> optimizerArguments();
  void takeGradientResults(ArrayRef<Value> values);
  void takeOptimizerResults(ArrayRef<Value> values);
  void addResult(Value value, DictionaryAttr attributes);
  void returnVariables();
  bool isTaken(ir::VariableOp variable);

  ModuleOp module;
  func::FuncOp gradient, optimizer, step;
  OpBuilder builder;
  /// The value that each variable has at this point of the step, and its gradient.
  llvm::DenseMap<StringRef, Value> current, gradients;
  llvm::DenseSet<StringRef> assigned;
  llvm::SmallVector<Value> results;
  llvm::SmallVector<DictionaryAttr> resultAttributes;
};

bool StepBuilder::isTaken(ir::VariableOp variable) {
  return ir::findVariableArgument(gradient, variable.getSymName()) ||
         ir::findVariableArgument(optimizer, variable.getSymName());
}

void StepBuilder::addArgument(Type type, Location loc, DictionaryAttr attributes) {
  step.insertArgument(step.getNumArguments(), type, attributes, loc);
}

void StepBuilder::addArguments() {
  for (auto variable : module.getOps<ir::VariableOp>()) {
    if (!isTaken(variable))
      continue;
    addArgument(variable.getTensorType(), variable.getLoc(), ir::portOf(variable));
    current[variable.getSymName()] = step.getArguments().back();
  }
}

llvm::SmallVector<Value> StepBuilder::gradientArguments() {
  llvm::SmallVector<Value> arguments;
  for (BlockArgument argument : gradient.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (auto variable = ir::getArgumentVariable(gradient, index)) {
      arguments.push_back(current.lookup(variable.getValue()));
      continue;
    }
    addArgument(argument.getType(), argument.getLoc(), gradient.getArgAttrDict(index));
    arguments.push_back(step.getArguments().back());
  }
  return arguments;
}

void StepBuilder::addResult(Value value, DictionaryAttr attributes) {
  results.push_back(value);
  resultAttributes.push_back(attributes);
}

void StepBuilder::takeGradientResults(ArrayRef<Value> values) {
  for (auto [index, value] : llvm::enumerate(values)) {
    auto of = gradient.getResultAttrOfType<FlatSymbolRefAttr>(index, ir::kGradientAttr);
    if (auto variable = ir::getResultVariable(gradient, index)) {
      current[variable.getValue()] = value;
      assigned.insert(variable.getValue());
    } else if (of) {
      gradients[of.getValue()] = value;
    } else {
      addResult(value, gradient.getResultAttrDict(index));
    }
  }
}

FailureOr<llvm::SmallVector<Value>> StepBuilder::optimizerArguments() {
  llvm::SmallVector<Value> arguments;
  for (BlockArgument argument : optimizer.getArguments()) {
    unsigned index = argument.getArgNumber();
    auto of = optimizer.getArgAttrOfType<FlatSymbolRefAttr>(index, ir::kGradientAttr);
    if (auto variable = ir::getArgumentVariable(optimizer, index)) {
      arguments.push_back(current.lookup(variable.getValue()));
    } else if (of) {
      Value given = gradients.lookup(of.getValue());
      arguments.push_back(given ? given
                                : ir::splat(builder, argument.getLoc(), argument.getType(), 0));
    } else {
      return optimizer.emitError("argument ") << index << " is neither a variable nor a gradient";
    }
  }
  return arguments;
}

void StepBuilder::takeOptimizerResults(ArrayRef<Value> values) {
  llvm::DenseSet<StringRef> untrained =
      findUntrained(optimizer, [&](StringRef variable) { return gradients.contains(variable); });
  for (auto [index, value] : llvm::enumerate(values)) {
    auto variable = ir::getResultVariable(optimizer, index);
    if (!variable) {
      addResult(value, optimizer.getResultAttrDict(index));
    } else if (!untrained.contains(variable.getValue())) {
      current[variable.getValue()] = value;
      assigned.insert(variable.getValue());
    }
  }
}

void StepBuilder::returnVariables() {
  for (auto variable : module.getOps<ir::VariableOp>())
    if (assigned.contains(variable.getSymName()))
      addResult(current.lookup(variable.getSymName()), ir::portOf(variable));
  builder.create<func::ReturnOp>(gradient.getLoc(), results);
  step.setFunctionType(
      builder.getFunctionType(step.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [index, attributes] : llvm::enumerate(resultAttributes))
    step.setResultAttrs(index, attributes);
}

LogicalResult StepBuilder::build() {
  step = builder.create<func::FuncOp>(gradient.getLoc(), ir::kTrainStep,
                                      builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(step.addEntryBlock());
  addArguments();
  takeGradientResults(inlineBody(builder, gradient, gradientArguments()));
  auto arguments = optimizerArguments();
  if (failed(arguments))
    return failure();
  takeOptimizerResults(inlineBody(builder, optimizer, *arguments));
  returnVariables();
  gradient.erase();
  optimizer.erase();
  return success();
}

class StepPass : public impl::StepBase<StepPass> {
public:
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto gradient = symbols.lookup<func::FuncOp>(ir::kGradient);
    if (gradient && failed(join(symbols, gradient)))
      signalPassFailure();
  }

private:
  LogicalResult join(const SymbolTable &symbols, func::FuncOp gradient);
};

LogicalResult StepPass::join(const SymbolTable &symbols, func::FuncOp gradient) {
  auto optimizer = symbols.lookup<func::FuncOp>(ir::kOptimizer);
  if (!optimizer || optimizer.isExternal())
    return gradient.emitError("needs an @optimizer beside it");
  if (symbols.lookup(ir::kTrainStep))
    return gradient.emitError("there is already a @train_step");
  if (failed(inlineCalls(gradient)) || failed(inlineCalls(optimizer)) ||
      failed(verifyGradients(gradient, optimizer)) || failed(verifyVariables(gradient)) ||
      failed(verifyVariables(optimizer)))
    return failure();
  return StepBuilder(getOperation(), gradient, optimizer).build();
}

} // namespace
} // namespace lamina::passes
