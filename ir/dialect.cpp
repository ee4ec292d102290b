#include "ir/dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "ir/module.h"

namespace lamina::ir {

/// Operands that all have a comma behind them. A plain operand list would take the last comma for
/// its own and miss the next operand.
static mlir::ParseResult
parseLeadingOperands(mlir::OpAsmParser &parser,
                     llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &operands) {
  mlir::OpAsmParser::UnresolvedOperand operand;
  for (mlir::OptionalParseResult found = parser.parseOptionalOperand(operand); found.has_value();
       found = parser.parseOptionalOperand(operand)) {
    if (failed(*found) || parser.parseComma())
      return mlir::failure();
    operands.push_back(operand);
  }
  return mlir::success();
}

static void printLeadingOperands(mlir::OpAsmPrinter &printer, mlir::Operation *,
                                 mlir::OperandRange operands) {
  printer << operands << ",";
}

} // namespace lamina::ir

#include "ir/lamina_dialect.cpp.inc"
#include "ir/lamina_enums.cpp.inc"
#include "ir/lamina_interfaces.cpp.inc"
#include "ir/lamina_schedule_interface.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/lamina_attributes.cpp.inc"
#define GET_OP_CLASSES
#include "ir/lamina_ops.cpp.inc"

using namespace mlir;

namespace lamina::ir {

void LaminaDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/lamina_attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/lamina_ops.cpp.inc"
      >();
}

Operation *LaminaDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                              Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return builder.create<ConstantOp>(loc, elements);
}

LogicalResult LaminaDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != kBatchSizeAttr)
    return success();
  auto size = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!isa<ModuleOp>(op) || !size || size.getInt() < 1)
    return op->emitError() << "'" << kBatchSizeAttr << "' must be a positive integer of a module";
  return success();
}

LogicalResult verifySameShape(Operation *op) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  for (Value operand : op->getOperands())
    if (cast<RankedTensorType>(operand.getType()).getShape() != shape)
      return op->emitOpError("operands and result must have the same shape, got ")
             << operand.getType() << " and " << op->getResult(0).getType();
  return success();
}

} // namespace lamina::ir
