// Reverse-mode differentiation of the loss function.
#include "ir/module.h"
#include "ir/term.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/inline_calls.h"
#include "passes/passes.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_GRADIENT
#include "passes/passes.h.inc"

namespace {

bool isFloat(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

/// The gradients of one scalar with respect to the values that it depends on, found by walking
/// the block backwards from the scalar.
class ReverseMode {
public:
  ReverseMode(Block &block, ArrayRef<BlockArgument> arguments) : block(block) {
    markVarying(arguments);
  }

  /// Writes the gradient operations before the block's terminator. An operation on the way without
  /// a gradient rule is an error of that operation.
  LogicalResult run(Value scalar);

  /// The gradient of `value`; null when the scalar does not depend on it.
  Value getGradient(Value value) const { return gradients.lookup(value); }

private:
  void markVarying(ArrayRef<BlockArgument> arguments);
  LogicalResult visit(OpBuilder &builder, Operation *op);
  void accumulate(OpBuilder &builder, Location loc, Value value, Value gradient);

  Block &block;
  /// Floating-point values that depend on the arguments of interest.
  llvm::DenseSet<Value> varying;
  llvm::DenseMap<Value, Value> gradients;
};

void ReverseMode::markVarying(ArrayRef<BlockArgument> arguments) {
  varying.insert(arguments.begin(), arguments.end());
  for (Operation &op : block)
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return varying.contains(operand); }))
      for (Value result : op.getResults())
        if (isFloat(result))
          varying.insert(result);
}

LogicalResult ReverseMode::run(Value scalar) {
  if (!varying.contains(scalar))
    return success();
  auto operations =
      llvm::map_to_vector(block.without_terminator(), [](Operation &op) { return &op; });
  OpBuilder builder(block.getTerminator());
  gradients[scalar] = ir::splat(builder, scalar.getLoc(), scalar.getType(), 1.0);
  for (Operation *op : llvm::reverse(operations))
    if (failed(visit(builder, op)))
      return failure();
  return success();
}

LogicalResult ReverseMode::visit(OpBuilder &builder, Operation *op) {
  auto resultGradients =
      llvm::map_to_vector(op->getResults(), [&](Value result) { return getGradient(result); });
  auto isVarying = [&](Value operand) { return varying.contains(operand); };
  if (llvm::none_of(resultGradients, [](Value gradient) { return static_cast<bool>(gradient); }) ||
      llvm::none_of(op->getOperands(), isVarying))
    return success();
  auto rule = dyn_cast<ir::GradientInterface>(op);
  if (!rule)
    return op->emitOpError("has no gradient rule, but the loss depends on a trainable variable "
                           "through it");
  llvm::SmallVector<Value> operandGradients;
  if (failed(rule.buildGradient(builder, resultGradients, operandGradients)))
    return failure();
  for (auto [operand, gradient] : llvm::zip_equal(op->getOperands(), operandGradients))
    if (gradient && isVarying(operand))
      accumulate(builder, op->getLoc(), operand, gradient);
  return success();
}

void ReverseMode::accumulate(OpBuilder &builder, Location loc, Value value, Value gradient) {
  Value &sum = gradients[value];
  sum = sum ? builder.create<ir::AddOp>(loc, sum, gradient) : gradient;
}

/// Rules write the gradients of all operands; those nobody asked for go again.
void eraseDeadOperations(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

class GradientPass : public impl::GradientBase<GradientPass> {
public:
  void runOnOperation() override {
    auto loss = SymbolTable(getOperation()).lookup<func::FuncOp>(ir::kLoss);
    if (loss && failed(differentiate(loss)))
      return signalPassFailure();
    getOperation().walk([](ir::StopGradientOp op) {
      op.replaceAllUsesWith(op.getOperand());
      op.erase();
    });
  }

private:
  LogicalResult differentiate(func::FuncOp function);
  FailureOr<llvm::SmallVector<BlockArgument>> findTrainable(func::FuncOp function);
  FailureOr<Value> findLoss(func::FuncOp function);
  void appendGradients(func::FuncOp function, ArrayRef<BlockArgument> arguments,
                       const ReverseMode &reverse);
};

FailureOr<llvm::SmallVector<BlockArgument>> GradientPass::findTrainable(func::FuncOp function) {
  SymbolTable symbols(getOperation());
  llvm::SmallVector<BlockArgument> trainable;
  for (BlockArgument argument : function.getArguments()) {
    auto name = ir::getArgumentVariable(function, argument.getArgNumber());
    if (!name)
      continue;
    auto variable = symbols.lookup<ir::VariableOp>(name.getValue());
    if (!variable)
      return function.emitError("takes ") << name << ", which is not a variable of the module";
    if (variable.getTrainable())
      trainable.push_back(argument);
  }
  return trainable;
}

FailureOr<Value> GradientPass::findLoss(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    if (!function.getResultAttr(index, ir::kLogAttr))
      continue;
    if (!isFloat(value) || cast<RankedTensorType>(value.getType()).getRank() != 0)
      return function.emitError("the loss must be a floating-point scalar, not ")
             << value.getType();
    return value;
  }
  return function.emitError("returns no loss: none of its results has '") << ir::kLogAttr << "'";
}

LogicalResult GradientPass::differentiate(func::FuncOp function) {
  if (function.isExternal())
    return function.emitError("has no body to differentiate");
  if (failed(inlineCalls(function)))
    return failure();
  FailureOr<llvm::SmallVector<BlockArgument>> trainable = findTrainable(function);
  FailureOr<Value> loss = findLoss(function);
  if (failed(trainable) || failed(loss))
    return failure();
  ReverseMode reverse(function.getBody().front(), *trainable);
  if (failed(reverse.run(*loss)))
    return failure();
  appendGradients(function, *trainable, reverse);
  eraseDeadOperations(function.getBody().front());
  function.setSymName(ir::kGradient);
  return success();
}

void GradientPass::appendGradients(func::FuncOp function, ArrayRef<BlockArgument> arguments,
                                   const ReverseMode &reverse) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (BlockArgument argument : arguments) {
    auto name = ir::getArgumentVariable(function, argument.getArgNumber());
    Value gradient = reverse.getGradient(argument);
    if (!gradient) {
      function.emitWarning("the loss does not depend on ") << name << ": it will not be trained";
      continue;
    }
    unsigned index = function.getNumResults();
    auto attributes = DictionaryAttr::get(
        &getContext(), NamedAttribute(StringAttr::get(&getContext(), ir::kGradientAttr), name));
    function.insertResult(index, gradient.getType(), attributes);
    terminator->insertOperands(index, gradient);
  }
}

} // namespace
} // namespace lamina::passes
