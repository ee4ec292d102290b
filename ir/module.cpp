#include "ir/module.h"

using namespace mlir;

namespace lamina::ir {

int64_t getBatchSize(ModuleOp module) {
  auto size = module->getAttrOfType<IntegerAttr>(kBatchSizeAttr);
  return size ? size.getInt() : 1;
}

int64_t getCapacityElements(RankedTensorType type, int64_t batchSize) {
  int64_t elements = 1;
  for (int64_t extent : type.getShape())
    elements *= ShapedType::isDynamic(extent) ? batchSize : extent;
  return elements;
}

FlatSymbolRefAttr getArgumentVariable(func::FuncOp function, unsigned index) {
  return function.getArgAttrOfType<FlatSymbolRefAttr>(index, kVariableAttr);
}

FlatSymbolRefAttr getResultVariable(func::FuncOp function, unsigned index) {
  return function.getResultAttrOfType<FlatSymbolRefAttr>(index, kVariableAttr);
}

DictionaryAttr portOf(VariableOp variable) {
  Builder builder(variable.getContext());
  auto symbol = FlatSymbolRefAttr::get(variable.getSymNameAttr());
  return builder.getDictionaryAttr(builder.getNamedAttr(kVariableAttr, symbol));
}

Value findVariableArgument(func::FuncOp function, llvm::StringRef name) {
  for (BlockArgument argument : function.getArguments())
    if (auto symbol = getArgumentVariable(function, argument.getArgNumber());
        symbol && symbol.getValue() == name)
      return argument;
  return nullptr;
}

void loadDialects(MLIRContext &context) {
  context.loadDialect<LaminaDialect, func::FuncDialect>();
}

} // namespace lamina::ir
