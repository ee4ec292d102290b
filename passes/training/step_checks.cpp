#include "passes/training/step_checks.h"

#include "ir/module.h"
#include "ir/region_arguments.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;

namespace lamina::passes {
namespace {

FlatSymbolRefAttr getArgumentGradient(func::FuncOp function, unsigned index) {
  return function.getArgAttrOfType<FlatSymbolRefAttr>(index, ir::kGradientAttr);
}

ir::VariableOp lookupVariable(func::FuncOp function, FlatSymbolRefAttr name) {
  return SymbolTable::lookupNearestSymbolFrom<ir::VariableOp>(function, name);
}

LogicalResult verifyVariable(func::FuncOp function, FlatSymbolRefAttr name, Type type,
                             StringRef action) {
  if (!name)
    return success();
  ir::VariableOp variable = lookupVariable(function, name);
  if (!variable)
    return function.emitError() << action << " " << name
                                << ", which is not a variable of the module";
  if (variable.getTensorType() != type)
    return function.emitError() << action << " " << name << " as " << type << ", but it is "
                                << variable.getTensorType();
  return success();
}

/// Which of a function's arguments each value depends on.
class Dependence {
public:
  explicit Dependence(func::FuncOp function) : width(function.getNumArguments()) {
    for (BlockArgument argument : function.getArguments())
      sources.try_emplace(argument, width).first->second.set(argument.getArgNumber());
    for (Operation &op : function.getBody().front().without_terminator()) {
      llvm::SmallBitVector joined(width);
      for (Value value : ir::getReadValues(&op))
        joined |= sources.lookup(value);
      for (Value result : op.getResults())
        sources[result] = joined;
    }
  }

  bool dependsOn(Value value, unsigned argument) const {
    return sources.find(value)->second.test(argument);
  }

private:
  unsigned width;
  llvm::DenseMap<Value, llvm::SmallBitVector> sources;
};

using Names = llvm::DenseSet<StringRef>;

/// For each variable that the optimizer takes: the variables whose new value its old value reaches.
llvm::DenseMap<StringRef, Names> findReach(func::FuncOp optimizer) {
  Dependence dependence(optimizer);
  Operation *terminator = optimizer.getBody().front().getTerminator();
  llvm::DenseMap<StringRef, Names> reach;
  for (unsigned argument = 0; argument < optimizer.getNumArguments(); ++argument) {
    auto from = ir::getArgumentVariable(optimizer, argument);
    if (!from)
      continue;
    Names &reached = reach[from.getValue()];
    for (auto [index, value] : llvm::enumerate(terminator->getOperands()))
      if (auto to = ir::getResultVariable(optimizer, index);
          to && dependence.dependsOn(value, argument))
        reached.insert(to.getValue());
  }
  return reach;
}

} // namespace

LogicalResult verifyVariables(func::FuncOp function) {
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (failed(verifyVariable(function, ir::getArgumentVariable(function, index), type, "takes")))
      return failure();
  for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
    if (failed(verifyVariable(function, ir::getResultVariable(function, index), type, "assigns")))
      return failure();
  return success();
}

LogicalResult verifyGradients(func::FuncOp gradient, func::FuncOp optimizer) {
  Names given;
  for (unsigned index = 0; index < gradient.getNumResults(); ++index)
    if (auto name = gradient.getResultAttrOfType<FlatSymbolRefAttr>(index, ir::kGradientAttr))
      given.insert(name.getValue());
  bool any = false;
  for (auto [index, type] : llvm::enumerate(optimizer.getArgumentTypes())) {
    auto name = getArgumentGradient(optimizer, index);
    if (failed(verifyVariable(optimizer, name, type, "takes the gradient of")))
      return failure();
    if (name && !lookupVariable(optimizer, name).getTrainable())
      return optimizer.emitError("takes the gradient of ") << name << ", which is not trainable";
    any |= name && given.contains(name.getValue());
  }
  if (!any)
    return gradient.emitError(
        "the loss depends on none of the trainable variables: there is nothing to train");
  return success();
}

llvm::DenseSet<StringRef> findUntrained(func::FuncOp optimizer,
                                        llvm::function_ref<bool(StringRef)> hasGradient) {
  Names withoutGradient, trained;
  for (unsigned index = 0; index < optimizer.getNumArguments(); ++index)
    if (auto name = getArgumentGradient(optimizer, index))
      (hasGradient(name.getValue()) ? trained : withoutGradient).insert(name.getValue());
  if (withoutGradient.empty())
    return {};
  llvm::DenseMap<StringRef, Names> reach = findReach(optimizer);
  Names candidates;
  for (const auto &[name, reached] : reach)
    if (!trained.contains(name))
      candidates.insert(name);
  auto serves = [&](StringRef name) {
    const Names &reached = reach[name];
    return llvm::all_of(reached, [&](StringRef to) { return candidates.contains(to); }) &&
           llvm::any_of(reached, [&](StringRef to) { return withoutGradient.contains(to); });
  };
  for (bool changed = true; std::exchange(changed, false);)
    for (const auto &[name, reached] : reach)
      if (candidates.contains(name) && !withoutGradient.contains(name) && !serves(name))
        changed = candidates.erase(name) || changed;
  return candidates;
}

} // namespace lamina::passes
