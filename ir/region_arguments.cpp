#include "ir/region_arguments.h"

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

} // namespace lamina::ir
