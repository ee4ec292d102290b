#pragma once

#include "ir/dialect.h"

/// How kernels without anchor go through their elements: what their schedule and their code both
/// follow.
namespace lamina::passes {

/// Whether everything that is not a scalar has one layout and one shape and nothing but elementwise
/// operations is done to it, so that the kernel runs over flat memory. A dynamic dimension, if any,
/// comes first.
bool isFlat(ir::KernelOp kernel);

/// Ends of the operands of concatenations along the kernel's last dimension, in order; empty where
/// there are none. Lines are cut there.
llvm::SmallVector<int64_t> findConcatenationCuts(ir::KernelOp kernel);

} // namespace lamina::passes
