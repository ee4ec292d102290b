#pragma once

#include <optional>
#include <vector>

#include "ir/interpreter/interpreter_table.h"

namespace lamina::session {

/// What is not finite in a tensor.
struct Finding {
  bool hasNan = false, hasInfinity = false;
  int64_t element = -1; ///< the first of them; NaN where there is one
  double value = 0;

  bool isClean() const { return !hasNan && !hasInfinity; }
};

/// An operation that made a value which is not finite.
struct Maker {
  mlir::Operation *operation = nullptr;
  Finding finding;
  std::vector<int64_t> shape;
  std::vector<double> operands; ///< the operands' elements, where they have the result's shape
};

/// What is not finite among the values of a function that the interpreter runs. Loops are told as a
/// whole: an operation in their body is the maker of their results.
class Observations {
public:
  /// How the interpreter runs operations so that they are observed.
  ir::EvaluatorTable table();

  /// Takes notice of an argument.
  void keep(mlir::Value value, const ir::HostTensor &tensor);

  bool isClean(mlir::Value value) const { return !findings_.contains(value); }
  Finding of(mlir::Value value) const { return findings_.lookup(value); }

  /// Goes back to the value that made this one not finite: NaN to NaN as far as there is one,
  /// infinity to infinity.
  mlir::Value trace(mlir::Value value) const;

  /// The infinite value of which `value`, NaN, was made: none where that is a constant, as masks
  /// are.
  std::optional<mlir::Value> infinityBehind(mlir::Value value) const;

  /// Who made `value`, which is no argument.
  const Maker &maker(mlir::Value value) const {
    return makers_.find(value.getDefiningOp())->second;
  }

private:
  void observe(mlir::Operation *operation, llvm::ArrayRef<ir::HostTensor> operands,
               llvm::ArrayRef<ir::HostTensor> results);

  llvm::DenseMap<mlir::Value, Finding> findings_;
  llvm::DenseMap<mlir::Operation *, Maker> makers_;
};

} // namespace lamina::session
