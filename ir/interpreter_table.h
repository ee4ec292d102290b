#pragma once

#include <functional>

#include "ir/dialect.h"
#include "ir/tensor.h"
#include "llvm/ADT/DenseMap.h"

/// The interpreter's table: one function per operation. The parts are filled by topic, in
/// interpreter_elementwise.cpp, interpreter_shape.cpp, interpreter_reduction.cpp,
/// interpreter_window.cpp and interpreter_winograd.cpp.
namespace lamina::ir {

using Evaluator = std::function<llvm::Expected<Tensor>(
    mlir::Operation *operation, llvm::ArrayRef<Tensor> operands, int64_t rows)>;

class EvaluatorTable {
public:
  /// `evaluate(op, operands, rows)` computes the result of an operation of type `Op`.
  template <typename Op, typename Function> void add(Function evaluate) {
    evaluators[mlir::TypeID::get<Op>()] = [evaluate](mlir::Operation *operation,
                                                     llvm::ArrayRef<Tensor> operands,
                                                     int64_t rows) -> llvm::Expected<Tensor> {
      return evaluate(mlir::cast<Op>(operation), operands, rows);
    };
  }
  bool contains(mlir::TypeID operation) const { return evaluators.contains(operation); }
  /// Null for operations that the table does not know.
  const Evaluator *find(mlir::Operation *operation) const {
    auto found = evaluators.find(operation->getName().getTypeID());
    return found == evaluators.end() ? nullptr : &found->second;
  }

private:
  llvm::DenseMap<mlir::TypeID, Evaluator> evaluators;
};

/// Calls `function(std::type_identity<T>{})` with the C++ type of a floating-point type.
template <typename Function> void visitFloatType(ElementType type, Function function) {
  if (type == ElementType::F32)
    function(std::type_identity<float>{});
  else
    function(std::type_identity<double>{});
}

void addElementwiseEvaluators(EvaluatorTable &table);
void addShapeEvaluators(EvaluatorTable &table);
void addReductionEvaluators(EvaluatorTable &table);
void addWindowEvaluators(EvaluatorTable &table);
void addWinogradEvaluators(EvaluatorTable &table);

} // namespace lamina::ir
