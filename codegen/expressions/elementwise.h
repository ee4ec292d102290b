#pragma once

#include "codegen/target/target.h"
#include "mlir/IR/Operation.h"
#include "llvm/IR/IRBuilder.h"

namespace lamina::codegen {

/// The result of an elementwise operation of the dialect on operands in registers: all scalars or
/// all vectors of one length, truth values as i1.
llvm::Value *emitElementwise(llvm::IRBuilder<> &builder, const TargetSpec &target,
                             mlir::Operation *op, llvm::ArrayRef<llvm::Value *> operands);

/// The larger or smaller of two numbers; NaN wins, the left operand at a tie.
llvm::Value *emitMaximum(llvm::IRBuilder<> &builder, llvm::Value *x, llvm::Value *y,
                         bool isUnsigned);
llvm::Value *emitMinimum(llvm::IRBuilder<> &builder, llvm::Value *x, llvm::Value *y,
                         bool isUnsigned);

/// Whether `challenger` replaces `best` as the first maximum: it is larger, or the first NaN.
llvm::Value *emitIsLarger(llvm::IRBuilder<> &builder, llvm::Value *challenger, llvm::Value *best,
                          bool isUnsigned);
/// The largest (smallest) number of a scalar type, infinity included.
llvm::Constant *extremeNumber(llvm::Type *type, bool isUnsigned, bool largest);

/// a * b + c, rounded once where the target has the instruction.
llvm::Value *emitMultiplyAdd(llvm::IRBuilder<> &builder, const TargetSpec &target, llvm::Value *a,
                             llvm::Value *b, llvm::Value *c);

} // namespace lamina::codegen
