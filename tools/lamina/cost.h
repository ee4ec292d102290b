#pragma once

#include <cstdint>

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace lamina::tools {

/// Floating-point operations of a function's contractions for a full batch: two for every
/// multiply-add. Everything else is left out, as is usual when shares of the peak are told.
double countFlops(mlir::func::FuncOp function);

/// f32 FLOPS that `threads` threads reach together with nothing but multiply-adds in registers,
/// measured for a few milliseconds. 0 where the processor has no vector multiply-add.
double measurePeakFlops(uint32_t threads);

} // namespace lamina::tools
