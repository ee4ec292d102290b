#include "frontend/builder/variable.h"

#include "ir/dialect.h"
#include "ir/host_tensor.h"
#include "ir/signature.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace lamina::frontend::builder {

RankedTensorType variableType(MLIRContext *context, const Variable &variable) {
  return RankedTensorType::get(variable.shape, ir::toMlirType(context, variable.type));
}

void declareVariable(ModuleOp module, const Variable &variable) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto declared = builder.create<ir::VariableOp>(
      NameLoc::get(builder.getStringAttr(variable.symbol)), builder.getStringAttr(variable.symbol),
      TypeAttr::get(variableType(module.getContext(), variable)),
      builder.getStringAttr(variable.path),
      variable.isTrainable ? builder.getUnitAttr() : UnitAttr(), ir::PackedAttr(),
      FlatSymbolRefAttr(), DenseI64ArrayAttr(), IntegerAttr());
  ir::setRole(declared, variable.training);
  if (!variable.copyPath.empty())
    declared->setAttr(kCopyAttr, builder.getStringAttr(variable.copyPath));
}

} // namespace lamina::frontend::builder
