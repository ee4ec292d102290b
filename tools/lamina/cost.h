#pragma once

#include <cstdint>
#include <string>

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "ir/dialect.h"

namespace lamina::tools {

/// Floating-point operations of one operation for a full batch, in all iterations of the loops
/// around it: two for every multiply-add of a contraction or convolution, one for every element
/// that a pooling window meets; taps that fall into the padding do nothing and do not count. 0 for
/// everything else, as is usual when shares of the peak are told.
double countFlops(mlir::Operation *operation, int64_t batchSize);

/// The sum over all operations within a function or kernel.
double countFlopsWithin(mlir::Operation *region);

/// Bytes of a kernel's operands and results when the batch is full: what it moves when each is
/// read or written once in every iteration of the loops around it.
double countBytes(ir::KernelOp kernel);

/// What a function does twice to need less memory (PipelineOptions::memoryLimit).
struct Recomputation {
  size_t kernels = 0;
  double flops = 0, bytes = 0; ///< as shares of what it would do without
};
Recomputation countRecomputed(mlir::func::FuncOp function);

/// "37 kernels run twice: 2.0 % more FLOPs, 5.1 % more bytes"; empty where there is none.
std::string describe(const Recomputation &recomputation);

} // namespace lamina::tools
