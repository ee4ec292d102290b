#pragma once

#include "ir/dialect.h"

/// Values inside the bodies of operations and where they come from: what all passes ask that look
/// through block arguments.
namespace lamina::ir {

/// The value outside that `value` is another name of, through block arguments of any depth; `value`
/// itself when it is none.
mlir::Value originOf(mlir::Value value);

/// `value` as operations of `block` may use it, where it is visible at or around `block`: itself or
/// a block argument that stands for it. Operations around `block` that can name their operands
/// inside take it as an operand unless they do so already.
mlir::Value bringInto(mlir::Block &block, mlir::Value value);

} // namespace lamina::ir
