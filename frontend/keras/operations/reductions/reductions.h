#pragma once

#include "frontend/keras/operations/operation_call.h"

/// Helpers of reductions.
namespace lamina::frontend::keras {

using Reduce = Tensor (*)(Tensor, llvm::ArrayRef<int64_t>);

/// Puts extents of 1 in the place of the reduced dimensions of x where "keepdims" asks for them.
Tensor keepDimensions(OperationCall &call, Tensor reduced, Tensor x,
                      llvm::ArrayRef<int64_t> dimensions);

/// A reduction of x over "axis", of all elements where that is null.
Tensors reduceOver(OperationCall &call, Tensor x, Reduce reduce);

/// The same in floating point.
template <Reduce reduce> Tensors ofFloats(OperationCall &call) {
  return reduceOver(call, call.floatTensor("x"), reduce);
}

/// Booleans as i32.
Tensor countable(Tensor x);
/// Booleans and bytes as i32, in which they are added up.
Tensor addable(Tensor x);

} // namespace lamina::frontend::keras
