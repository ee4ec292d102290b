#include "ir/gradients/differentiate.h"

#include "ir/region_arguments.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace lamina::ir {
namespace {

bool isFloat(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

/// The gradients of one block's values, found by walking the block backwards.
class ReverseMode {
public:
  ReverseMode(Block &block, OpBuilder &builder) : block(block), builder(builder) {}

  LogicalResult run(ValueRange seeds, ValueRange wanted) {
    varying = findVarying(block, wanted);
    auto operations =
        llvm::map_to_vector(block.without_terminator(), [](Operation &op) { return &op; });
    Operation *terminator = block.getTerminator();
    accumulate(terminator->getLoc(), llvm::to_vector(terminator->getOperands()), seeds);
    for (Operation *op : llvm::reverse(operations))
      if (failed(visit(op)))
        return failure();
    return success();
  }

  /// The gradient of `value`; null when no seed depends on it.
  Value getGradient(Value value) const { return gradients.lookup(value); }

private:
  bool isVarying(Value value) const { return varying.contains(value); }

  LogicalResult visit(Operation *op) {
    auto resultGradients =
        llvm::map_to_vector(op->getResults(), [&](Value result) { return getGradient(result); });
    if (llvm::none_of(resultGradients, [](Value gradient) { return gradient != nullptr; }))
      return success();
    llvm::SmallVector<Value> read = getReadValues(op);
    llvm::SmallBitVector wanted(read.size());
    for (auto [index, value] : llvm::enumerate(read))
      wanted[index] = isVarying(value);
    if (wanted.none())
      return success();
    auto rule = dyn_cast<GradientInterface>(op);
    if (!rule)
      return op->emitOpError("has no gradient rule, but the loss depends on a trainable variable "
                             "through it");
    llvm::SmallVector<Value> readGradients;
    if (failed(rule.buildWantedGradients(builder, resultGradients, wanted, readGradients)))
      return failure();
    accumulate(op->getLoc(), read, readGradients);
    return success();
  }

  /// Adds to the gradients of `values` what one operation at `loc` sends back to them.
  void accumulate(Location loc, ValueRange values, ValueRange sentBack) {
    for (auto [value, gradient] : llvm::zip_equal(values, sentBack)) {
      if (!gradient || !isVarying(value))
        continue;
      Value &sum = gradients[value];
      sum = sum ? builder.create<AddOp>(loc, sum, gradient) : gradient;
    }
  }

  Block &block;
  OpBuilder &builder;
  /// Floating-point values that depend on the wanted ones.
  llvm::DenseSet<Value> varying;
  llvm::DenseMap<Value, Value> gradients;
};

} // namespace

llvm::DenseSet<Value> findVarying(Block &block, ValueRange wanted) {
  llvm::DenseSet<Value> varying;
  for (Value value : wanted)
    if (isFloat(value))
      varying.insert(value);
  for (Operation &op : block)
    if (!isa<StopGradientOp>(op) && // behind it an operation needs no rule
        llvm::any_of(getReadValues(&op), [&](Value value) { return varying.contains(value); }))
      for (Value result : op.getResults())
        if (isFloat(result))
          varying.insert(result);
  return varying;
}

FailureOr<llvm::SmallVector<Value>> differentiate(Block &block, ValueRange seeds, ValueRange wanted,
                                                  OpBuilder &builder) {
  ReverseMode reverse(block, builder);
  if (failed(reverse.run(seeds, wanted)))
    return failure();
  return llvm::map_to_vector(wanted, [&](Value value) { return reverse.getGradient(value); });
}

void eraseDeadOperations(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

} // namespace lamina::ir
