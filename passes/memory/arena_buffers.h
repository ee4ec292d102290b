#pragma once

#include <vector>

#include "passes/memory/arena.h"
#include "passes/memory/program.h"

namespace lamina::passes {

/// The buffers that a function with waves needs in its arena, still without places.
///
/// A buffer lives from the wave of the kernel that writes it to the wave of its last reader, where
/// a loop reads it to the loop's end; those of loops are in passes/memory/loop_memory.h. Kernels of
/// one wave run at the same time, so buffers of one wave never share memory, except that an
/// elementwise kernel may write over an operand that nobody reads afterwards.
class ArenaBuffers {
public:
  ArenaBuffers(const Sequence &program, int64_t batchSize);

  std::vector<LiveBuffer> &buffers() { return liveBuffers; }
  const std::vector<LiveBuffer> &buffers() const { return liveBuffers; }
  /// The number of the value's buffer; nothing where the value lives elsewhere.
  std::optional<size_t> find(mlir::Value value) const;
  const Timeline &timeline() const { return times; }

private:
  void addLoops();
  void add(ir::KernelOp kernel, mlir::OpResult result);
  mlir::Value findDyingOperand(ir::KernelOp kernel, mlir::OpResult result);
  bool isLastReader(ir::KernelOp kernel, mlir::Value operand) const;
  int64_t bytesOf(mlir::Value value) const;

  const Sequence &program;
  Timeline times;
  int64_t batchSize;
  std::vector<LiveBuffer> liveBuffers;
  llvm::DenseMap<mlir::Value, size_t> numbers;
  llvm::DenseSet<mlir::Value> overwritten;
};

/// The return's operand through which the value leaves the function, null when it stays inside.
mlir::OpOperand *findReturn(mlir::Value value);

} // namespace lamina::passes
