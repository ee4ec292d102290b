#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lamina::passes {

/// On kernels that compute a second time what another kernel has computed before, to save memory in
/// between: they run right before their results are needed.
inline constexpr llvm::StringLiteral kRecomputedAttr = "lamina.recomputed";

/// Puts the kernels of a function into waves, those of loops' bodies too, and gives every result of
/// the function a place of its own. To be repeated after kernels were added. Emits an error where
/// an operation is outside of a kernel.
mlir::LogicalResult assignWaves(mlir::func::FuncOp function);

} // namespace lamina::passes
