#pragma once

#include <vector>

#include "ir/dialect.h"
#include "ir/host_tensor.h"
#include "llvm/ADT/DenseMap.h"

namespace lamina::ir {

class EvaluatorTable;
using HostTensors = std::vector<HostTensor>;

/// A block that the interpreter runs and the values in it so far. Its operations also see the
/// values of the scopes around it: those of the blocks that its own block stands in, down to the
/// function's.
class Scope {
public:
  /// What a function is called from: no block runs and no value is known. `rows` stands for `?`.
  Scope(const EvaluatorTable &table, int64_t rows) : table(table), rows(rows) {}

  int64_t getRows() const { return rows; }

  /// Runs the operations of `block` in a scope inside of this one and returns the values of its
  /// terminator's operands. There is one argument per block argument.
  llvm::Expected<HostTensors> run(mlir::Block &block, llvm::ArrayRef<HostTensor> arguments) const;

  /// Whether `block` is being run, by this scope or one around it.
  bool isRunning(mlir::Block &block) const;

  /// The results of one operation given its operands. Error: an operation without an evaluator.
  llvm::Expected<HostTensors> evaluate(mlir::Operation *operation,
                                       llvm::ArrayRef<HostTensor> operands) const;

private:
  Scope(const Scope &around, mlir::Block &block)
      : table(around.table), rows(around.rows), around(&around), block(&block) {}

  const HostTensor &lookup(mlir::Value value) const;

  const EvaluatorTable &table;
  int64_t rows;
  const Scope *around = nullptr;
  mlir::Block *block = nullptr;
  llvm::DenseMap<mlir::Value, HostTensor> values;
};

} // namespace lamina::ir
