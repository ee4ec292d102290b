#include "ir/region_arguments.h"

#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::ir {

Value originOf(Value value) {
  while (auto argument = dyn_cast<BlockArgument>(value)) {
    auto owner = dyn_cast_or_null<RegionArgumentsInterface>(argument.getOwner()->getParentOp());
    Value operand = owner ? owner.getAliasedOperand(argument) : Value();
    if (!operand)
      break;
    value = operand;
  }
  return value;
}

Value bringInto(Block &block, Value value) {
  if (value.getParentBlock() == &block)
    return value;
  Operation *owner = block.getParentOp();
  assert(owner && owner->getBlock() && "the value is not visible around the block");
  Value outside = bringInto(*owner->getBlock(), value);
  auto named = dyn_cast<RegionArgumentsInterface>(owner);
  if (!named)
    return outside;
  for (BlockArgument argument : block.getArguments())
    if (named.getAliasedOperand(argument) == outside)
      return argument;
  return named.addAliasedOperand(outside);
}

llvm::SmallVector<Value> getCapturedValues(Operation *op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return captured.takeVector();
}

llvm::SmallVector<Value> getReadValues(Operation *op) {
  llvm::SmallVector<Value> values(op->getOperands());
  if (op->getNumRegions() > 0)
    llvm::append_range(values, getCapturedValues(op));
  return values;
}

} // namespace lamina::ir
