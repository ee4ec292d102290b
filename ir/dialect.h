#pragma once

#include "ir/operations/window_axis.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SmallBitVector.h"

namespace lamina::ir {

/// Operands and results have exactly one shape.
template <typename ConcreteType>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteType, Elementwise> {
public:
  static mlir::LogicalResult verifyTrait(mlir::Operation *op);
};

/// Checks that all operands and results of `op` have one shape.
mlir::LogicalResult verifySameShape(mlir::Operation *op);

template <typename ConcreteType>
mlir::LogicalResult Elementwise<ConcreteType>::verifyTrait(mlir::Operation *op) {
  return verifySameShape(op);
}

} // namespace lamina::ir

#include "ir/lamina_dialect.h.inc"
#include "ir/lamina_enums.h.inc"
#include "ir/lamina_interfaces.h.inc"
#include "ir/lamina_schedule_interface.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/lamina_attributes.h.inc"
#define GET_OP_CLASSES
#include "ir/lamina_ops.h.inc"
