#pragma once

#include "ir/dialect.h"

/// The cost of operations together: the model that fusion, schedules, waves and reports to people
/// share. The costs of single operations are their interface's (ir/lamina_interfaces.td).
namespace lamina::passes {

/// The cost of operations that run in one loop nest, for a full batch.
struct Cost {
  double multiplyAdds = 0;      ///< of contractions and convolutions
  double flops = 0;             ///< as shares of the peak count them
  int64_t arithmeticCycles = 0; ///< of all but the multiply-adds, on one thread
  int64_t memoryCycles = 0;     ///< of loading operands and storing results from a near cache

  /// Of `body`, which reads `inputs` and leaves `outputs` in memory; none has to be in a kernel
  /// yet. Vectors have `lanes` elements.
  static Cost of(llvm::ArrayRef<mlir::Operation *> body, mlir::ValueRange inputs,
                 mlir::ValueRange outputs, int64_t batchSize, int64_t lanes);

  int64_t elementwiseCycles() const { return arithmeticCycles + memoryCycles; }
};

/// The cost of a kernel with vectors of `lanes` elements.
Cost costOf(ir::KernelOp kernel, int64_t batchSize, int64_t lanes);

/// Bytes of values for a full batch, as they are laid out in memory.
int64_t countBytes(mlir::ValueRange values, int64_t batchSize);

/// Bytes of a kernel's operands and results for a full batch: what it moves when each is read or
/// written once. Apart from the cost, as it looks up the layout of every variable.
int64_t countMovedBytes(ir::KernelOp kernel, int64_t batchSize);

/// Operations whose result is worth storing where several kernels need it.
bool isExpensive(mlir::Operation *op);

} // namespace lamina::passes
