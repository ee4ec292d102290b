#pragma once

#include "frontend/keras/operations/operation_call.h"

/// The operations of keras.ops, by kind.
namespace lamina::frontend::keras {

/// A function of "x", which keeps integers where `keepsIntegers`.
template <Tensor (*function)(Tensor), bool keepsIntegers = false>
Tensors unary(OperationCall &call) {
  Tensor x = call.tensor("x");
  return {function(keepsIntegers && !x.elementType().isInteger(1) ? x : x.toFloat())};
}

llvm::ArrayRef<OperationEntry> activationOperations();
llvm::ArrayRef<OperationEntry> contractionOperations();
llvm::ArrayRef<OperationEntry> elementwiseOperations();
llvm::ArrayRef<OperationEntry> indexingOperations();
llvm::ArrayRef<OperationEntry> joiningOperations();
llvm::ArrayRef<OperationEntry> reductionOperations();
llvm::ArrayRef<OperationEntry> shapeOperations();

} // namespace lamina::frontend::keras
