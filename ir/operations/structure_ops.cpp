// Leaves and the operations that hold a model together.
#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace lamina::ir {

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                           ConstantOp::Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getValue().getType());
  return success();
}

LogicalResult RowsOp::verify() {
  if (getType().getRank() != 0)
    return emitOpError("gives a scalar, not ") << getType();
  return success();
}

LogicalResult IotaOp::verify() {
  int64_t dimension = static_cast<int64_t>(getDimension());
  if (dimension < 0 || dimension >= getType().getRank())
    return emitOpError("dimension ") << dimension << " is not one of " << getType();
  return success();
}

LogicalResult RngBitsOp::verify() {
  if (getSeed().getType().getRank() != 0 || getStep().getType().getRank() != 0)
    return emitOpError("seed and step must be scalars");
  return success();
}

LogicalResult StopGradientOp::buildGradient(OpBuilder &, ValueRange,
                                            SmallVectorImpl<Value> &operandGradients) {
  operandGradients.push_back(nullptr);
  return success();
}

LogicalResult PackedAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dimension,
                                 int64_t width, int64_t group) {
  if (dimension < 0 || width < 1 || group < 1)
    return emitError() << "packed layout needs a dimension, a positive width and a positive group, "
                          "got "
                       << dimension << ", " << width << " and " << group;
  return success();
}

int64_t PackedAttr::countElements(RankedTensorType type) const {
  int64_t extent = type.getDimSize(getDimension());
  auto lines = static_cast<int64_t>(llvm::alignTo(type.getNumElements() / extent, getGroup()));
  return lines * static_cast<int64_t>(llvm::alignTo(extent, getWidth()));
}

RankedTensorType VariableOp::getTensorType() {
  return cast<RankedTensorType>(getType());
}

LogicalResult VariableOp::verify() {
  RankedTensorType type = getTensorType();
  if (!type.hasStaticShape())
    return emitOpError("must have a static shape, not ") << type;
  for (int64_t extent : type.getShape())
    if (extent == 0)
      return emitOpError("must not be empty, got ") << type;
  if (PackedAttr layout = getLayoutAttr(); layout && layout.getDimension() >= type.getRank())
    return emitOpError("packs dimension ") << layout.getDimension() << " of " << type;
  if (static_cast<bool>(getMirrorAttr()) != static_cast<bool>(getPermutationAttr()))
    return emitOpError("a mirror needs both the variable and the permutation");
  return success();
}

OperandRange KernelOp::getYielded() {
  return cast<YieldOp>(getBlock().getTerminator()).getValues();
}

Value KernelOp::getAliasedOperand(BlockArgument argument) {
  return getInputs()[argument.getArgNumber()];
}

BlockArgument KernelOp::addAliasedOperand(Value value) {
  getInputsMutable().append(value);
  return getBlock().addArgument(value.getType(), value.getLoc());
}

LogicalResult KernelOp::verify() {
  Block &block = getBlock();
  if (block.getNumArguments() != getInputs().size())
    return emitOpError("has ") << getInputs().size() << " operands but its body takes "
                               << block.getNumArguments();
  for (auto [argument, input] : llvm::zip(block.getArguments(), getInputs()))
    if (argument.getType() != input.getType())
      return emitOpError("operand ") << argument.getArgNumber() << " is " << input.getType()
                                     << " but its body takes " << argument.getType();
  if (TypeRange(getYielded()) != getResultTypes())
    return emitOpError("results do not match what its body yields");
  if (auto buffers = getBuffersAttr(); buffers && buffers.size() != getNumResults())
    return emitOpError("needs one buffer for each result");
  if (auto schedule = getSchedule(); schedule && schedule->getFamily() != getFamily())
    return emitOpError("is of the family ")
           << stringifyKernelFamily(getFamily()) << ", but its schedule is for "
           << stringifyKernelFamily(schedule->getFamily());
  return success();
}

} // namespace lamina::ir
