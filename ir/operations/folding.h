#pragma once

#include "ir/dialect.h"

/// What the folders share. Folding never changes a bit of the result: only exact identities, and
/// constants only through operations that every target computes exactly as the interpreter does
/// (no elementary functions, no floating-point sums, whose order a schedule may choose). That a
/// subnormal number counts as zero in compiled code is not regarded as a difference.
namespace lamina::ir {

/// The value of an operation whose operands are all constants: a small tensor, or a splat of any
/// size when the operation is elementwise on splats. Null when it cannot be folded.
mlir::OpFoldResult foldConstants(mlir::Operation *operation,
                                 llvm::ArrayRef<mlir::Attribute> operands);

/// Whether all elements of a constant are `value`; zeros must have the same sign.
bool isSplatOf(mlir::Attribute constant, double value);

} // namespace lamina::ir
