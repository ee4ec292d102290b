#include "ir/operations/folding.h"

#include "ir/interpreter/interpreter.h"

using namespace mlir;

namespace lamina::ir {
namespace {

/// Larger constants would bloat the text and the compiled object.
constexpr int64_t kMaxFoldedElements = 1024;

/// `foldConstants` for operands that are splats, in constant time for any shape.
OpFoldResult foldSplats(Operation *operation, ArrayRef<Attribute> operands) {
  std::vector<HostTensor> values;
  for (Attribute operand : operands) {
    auto splat = cast<SplatElementsAttr>(operand);
    auto scalar = DenseElementsAttr::get(RankedTensorType::get({}, splat.getElementType()),
                                         splat.getSplatValue<Attribute>());
    values.push_back(llvm::cantFail(HostTensor::fromAttribute(scalar)));
  }
  llvm::Expected<HostTensor> result = evaluate(operation, values, 1);
  if (!result) {
    llvm::consumeError(result.takeError());
    return nullptr;
  }
  DenseElementsAttr scalar = result->toAttribute(operation->getContext());
  return DenseElementsAttr::get(cast<ShapedType>(operation->getResult(0).getType()),
                                scalar.getSplatValue<Attribute>());
}

} // namespace

OpFoldResult foldConstants(Operation *operation, ArrayRef<Attribute> operands) {
  auto type = cast<RankedTensorType>(operation->getResult(0).getType());
  auto isConstant = [](Attribute operand) { return isa_and_nonnull<DenseElementsAttr>(operand); };
  if (!type.hasStaticShape() || operands.empty() || !llvm::all_of(operands, isConstant))
    return nullptr;
  if (operation->hasTrait<Elementwise>() &&
      llvm::all_of(operands, llvm::IsaPred<SplatElementsAttr>))
    return foldSplats(operation, operands);
  auto isSmall = [](Type type) {
    return cast<ShapedType>(type).getNumElements() <= kMaxFoldedElements;
  };
  if (!isSmall(type) || !llvm::all_of(operation->getOperandTypes(), isSmall))
    return nullptr;
  std::vector<HostTensor> values;
  for (Attribute operand : operands)
    values.push_back(llvm::cantFail(HostTensor::fromAttribute(cast<ElementsAttr>(operand))));
  llvm::Expected<HostTensor> result = evaluate(operation, values, 1);
  if (!result) {
    llvm::consumeError(result.takeError());
    return nullptr;
  }
  return result->toAttribute(operation->getContext());
}

bool isSplatOf(Attribute constant, double value) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(constant);
  if (!splat)
    return false;
  if (isa<FloatType>(splat.getElementType())) {
    APFloat element = splat.getSplatValue<APFloat>();
    APFloat wanted(value);
    bool losesInfo = false;
    wanted.convert(element.getSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return element.bitwiseIsEqual(wanted);
  }
  auto element = splat.getSplatValue<APInt>();
  return splat.getElementType().isInteger(1)
             ? element.getBoolValue() == (value != 0)
             : element == APInt(element.getBitWidth(), static_cast<int64_t>(value), true);
}

} // namespace lamina::ir
