// Reverse-mode differentiation of the loss function.
#include "ir/gradients/differentiate.h"
#include "ir/module.h"
#include "ir/operations/term.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/passes.h"
#include "passes/training/inline_calls.h"

using namespace mlir;

namespace lamina::passes {

#define GEN_PASS_DEF_GRADIENT
#include "passes/passes.h.inc"

namespace {

bool isFloatScalar(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 0 && isa<FloatType>(type.getElementType());
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
  FailureOr<llvm::SmallVector<Value>> findTrainable(func::FuncOp function);
  FailureOr<unsigned> findLoss(func::FuncOp function);
  void appendGradients(func::FuncOp function, ArrayRef<Value> arguments, ArrayRef<Value> gradients);
};

FailureOr<llvm::SmallVector<Value>> GradientPass::findTrainable(func::FuncOp function) {
  SymbolTable symbols(getOperation());
  llvm::SmallVector<Value> trainable;
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

/// The index of the result that is differentiated.
FailureOr<unsigned> GradientPass::findLoss(func::FuncOp function) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    if (!function.getResultAttr(index, ir::kLogAttr))
      continue;
    if (!isFloatScalar(value))
      return function.emitError("the loss must be a floating-point scalar, not ")
             << value.getType();
    return static_cast<unsigned>(index);
  }
  return function.emitError("returns no loss: none of its results has '") << ir::kLogAttr << "'";
}

LogicalResult GradientPass::differentiate(func::FuncOp function) {
  if (function.isExternal())
    return function.emitError("has no body to differentiate");
  if (failed(inlineCalls(function)))
    return failure();
  FailureOr<llvm::SmallVector<Value>> trainable = findTrainable(function);
  FailureOr<unsigned> loss = findLoss(function);
  if (failed(trainable) || failed(loss))
    return failure();
  Block &block = function.getBody().front();
  Operation *terminator = block.getTerminator();
  OpBuilder builder(terminator);
  Value scalar = terminator->getOperand(*loss);
  llvm::SmallVector<Value> seeds(terminator->getNumOperands());
  seeds[*loss] = ir::splat(builder, scalar.getLoc(), scalar.getType(), 1.0);
  FailureOr<llvm::SmallVector<Value>> gradients =
      ir::differentiate(block, seeds, *trainable, builder);
  if (failed(gradients))
    return failure();
  appendGradients(function, *trainable, *gradients);
  ir::eraseDeadOperations(block);
  function.setSymName(ir::kGradient);
  return success();
}

void GradientPass::appendGradients(func::FuncOp function, ArrayRef<Value> arguments,
                                   ArrayRef<Value> gradients) {
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [argument, gradient] : llvm::zip_equal(arguments, gradients)) {
    unsigned position = cast<BlockArgument>(argument).getArgNumber();
    auto name = ir::getArgumentVariable(function, position);
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
