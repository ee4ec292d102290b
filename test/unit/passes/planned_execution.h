#pragma once

#include <cstddef>
#include <vector>

#include "ir/host_tensor.h"
#include "passes/memory/plan.h"

namespace lamina::passes {

/// Runs planned functions as compiled code does: kernels read from and write to bytes at the places
/// that the memory plan names, wave by wave. What a kernel computes the interpreter says. Memory
/// that was never written holds NaN.
class PlannedExecution {
public:
  /// `backwards` runs the kernels of a wave in reverse order, which must make no difference.
  PlannedExecution(mlir::ModuleOp module, int64_t rows, bool backwards);

  void setVariable(ir::VariableOp variable, const ir::HostTensor &value);
  ir::HostTensor getVariable(ir::VariableOp variable) const;

  /// `arguments`: those that are not variables. Gives the results that are not variables.
  std::vector<ir::HostTensor> run(mlir::func::FuncOp function,
                                  std::vector<ir::HostTensor> arguments);

private:
  void runKernel(ir::KernelOp kernel, mlir::func::FuncOp function);
  ir::HostTensor read(mlir::RankedTensorType type, const MemoryLocation &location) const;
  void write(mlir::RankedTensorType type, const MemoryLocation &location,
             const ir::HostTensor &value);
  /// Byte offset of an element from the beginning of its buffer.
  int64_t offsetOf(mlir::RankedTensorType type, ir::PackedAttr layout,
                   llvm::ArrayRef<int64_t> index) const;

  mlir::ModuleOp module;
  int64_t rows;
  bool backwards;
  std::vector<std::byte> state, arena;
  std::vector<ir::HostTensor> arguments, results;
};

} // namespace lamina::passes
