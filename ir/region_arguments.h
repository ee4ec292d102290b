#pragma once

#include "ir/dialect.h"

/// Values inside the bodies of operations and where they come from: asked by all passes that look
/// through block arguments.
namespace lamina::ir {

/// The value outside that `value` is another name of, through block arguments of any depth; `value`
/// itself when it is none.
mlir::Value originOf(mlir::Value value);

/// `value` as operations of `block` may use it, where it is visible at or around `block`: itself or
/// a block argument that stands for it. Operations around `block` that can name their operands
/// inside take it as an operand unless they do so already.
mlir::Value bringInto(mlir::Block &block, mlir::Value value);

/// The values defined outside of the regions of `op` that operations within read, in the order of
/// their first uses.
llvm::SmallVector<mlir::Value> getCapturedValues(mlir::Operation *op);

/// All that the results of `op` may depend on: its operands, then its captured values.
llvm::SmallVector<mlir::Value> getReadValues(mlir::Operation *op);

} // namespace lamina::ir
