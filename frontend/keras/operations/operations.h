#pragma once

#include "frontend/keras/config/refused.h"
#include "frontend/keras/operations/operation_call.h"

/// The operations of keras.ops, by kind.
namespace lamina::frontend::keras {

/// A function of "x", which keeps integers where `keepsIntegers`.
template <Tensor (*function)(Tensor), bool keepsIntegers = false>
Tensors unary(OperationCall &call) {
  Tensor x = call.tensor("x");
  return {function(keepsIntegers && !x.elementType().isInteger(1) ? x : x.toFloat())};
}

/// x minus y times the quotient rounded down: the sign is the divisor's.
Tensor floorRemainder(Tensor a, Tensor b);
/// The quotient rounded down.
Tensor floorQuotient(Tensor a, Tensor b);
/// x with numbers for NaN and for the infinities, the largest ones of its type where none are
/// given.
Tensor toNumbers(Tensor x, double nan, std::optional<double> positive = std::nullopt,
                 std::optional<double> negative = std::nullopt);

/// The angle of the point (x, y) with the first axis.
Tensor arctan2(Tensor y, Tensor x);
/// x with a x = b for square matrices in the last two dimensions, by elimination with pivots; every
/// row is a step of its own in the compiled code.
Tensor solveLinear(Tensor a, Tensor b);

llvm::ArrayRef<OperationEntry> activationOperations();
llvm::ArrayRef<OperationEntry> alignmentOperations();
llvm::ArrayRef<OperationEntry> attentionOperations();
llvm::ArrayRef<OperationEntry> contractionOperations();
llvm::ArrayRef<OperationEntry> conversionOperations();
llvm::ArrayRef<OperationEntry> cumulativeOperations();
llvm::ArrayRef<OperationEntry> decompositionOperations();
llvm::ArrayRef<OperationEntry> diagonalOperations();
llvm::ArrayRef<OperationEntry> elementwiseOperations();
llvm::ArrayRef<OperationEntry> fourierOperations();
llvm::ArrayRef<OperationEntry> imageOperations();
llvm::ArrayRef<OperationEntry> indexingOperations();
llvm::ArrayRef<OperationEntry> joiningOperations();
llvm::ArrayRef<OperationEntry> labelOperations();
llvm::ArrayRef<OperationEntry> layerOperations();
llvm::ArrayRef<OperationEntry> logicOperations();
llvm::ArrayRef<OperationEntry> moveOperations();
llvm::ArrayRef<OperationEntry> nanReductionOperations();
llvm::ArrayRef<OperationEntry> normOperations();
llvm::ArrayRef<OperationEntry> normalizationOperations();
llvm::ArrayRef<OperationEntry> paddingOperations();
llvm::ArrayRef<OperationEntry> patchOperations();
llvm::ArrayRef<OperationEntry> productOperations();
llvm::ArrayRef<OperationEntry> rearrangeOperations();
llvm::ArrayRef<OperationEntry> reductionOperations();
llvm::ArrayRef<OperationEntry> scoreOperations();
llvm::ArrayRef<OperationEntry> shapeOperations();
llvm::ArrayRef<OperationEntry> shortTimeOperations();
llvm::ArrayRef<OperationEntry> sortingOperations();
llvm::ArrayRef<OperationEntry> specialOperations();
llvm::ArrayRef<OperationEntry> splittingOperations();

const std::vector<RefusedClasses> &refusedOperations();

} // namespace lamina::frontend::keras
