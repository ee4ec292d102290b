#pragma once

#include <functional>

#include "ir/interpreter/interpreter_scope.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

/// The interpreter's table: one function per operation. Each interpreter_*.cpp beside this file
/// fills the part of its topic.
namespace lamina::ir {

/// Computes the results of an operation from its operands. `scope` is the one that the operation
/// runs in: it has the number of rows, and runs the operation's regions.
using Evaluator = std::function<llvm::Expected<HostTensors>(
    mlir::Operation *operation, llvm::ArrayRef<HostTensor> operands, const Scope &scope)>;

class EvaluatorTable {
public:
  /// `evaluate(op, operands, rows)` computes the one result of an operation of type `Op`, or
  /// `evaluate(op, operands, scope)` all its results.
  template <typename Op, typename Function> void add(Function evaluate) {
    evaluators[mlir::TypeID::get<Op>()] =
        [evaluate](mlir::Operation *operation, llvm::ArrayRef<HostTensor> operands,
                   const Scope &scope) -> llvm::Expected<HostTensors> {
      auto op = mlir::cast<Op>(operation);
      if constexpr (std::is_invocable_v<Function, Op, llvm::ArrayRef<HostTensor>, const Scope &>)
        return evaluate(op, operands, scope);
      else
        return listOf(evaluate(op, operands, scope.getRows()));
    };
  }
  bool contains(mlir::TypeID operation) const { return evaluators.contains(operation); }
  /// Null for operations that the table does not know.
  const Evaluator *find(mlir::Operation *operation) const {
    auto found = evaluators.find(operation->getName().getTypeID());
    return found == evaluators.end() ? nullptr : &found->second;
  }

  /// Called after an operation, with what it was given and what it gave.
  using Observer =
      std::function<void(mlir::Operation *operation, llvm::ArrayRef<HostTensor> operands,
                         llvm::ArrayRef<HostTensor> results)>;
  /// The same evaluators, that tell `observer` of every operation.
  EvaluatorTable observedBy(const Observer &observer) const;

private:
  static llvm::Expected<HostTensors> listOf(llvm::Expected<HostTensor> result) {
    if (!result)
      return result.takeError();
    HostTensors results;
    results.push_back(std::move(*result));
    return results;
  }

  llvm::DenseMap<mlir::TypeID, Evaluator> evaluators;
};

/// Calls `function(std::type_identity<T>{})` with the C++ type of a floating-point type.
template <typename Function> void visitFloatType(ElementType type, Function function) {
  visitElementType(type, [&]<typename T>(std::type_identity<T> identity) {
    if constexpr (std::is_floating_point_v<T>)
      function(identity);
    else
      llvm::report_fatal_error("an operation on floating-point numbers got others");
  });
}

void addElementwiseEvaluators(EvaluatorTable &table);
void addShapeEvaluators(EvaluatorTable &table);
void addReductionEvaluators(EvaluatorTable &table);
void addWindowEvaluators(EvaluatorTable &table);
void addWinogradEvaluators(EvaluatorTable &table);
void addAttentionEvaluators(EvaluatorTable &table);
void addStructureEvaluators(EvaluatorTable &table);
void addScanEvaluators(EvaluatorTable &table);

/// The results of `function`, called from `caller`. Errors are those of `interpret`.
llvm::Expected<HostTensors> callFunction(mlir::func::FuncOp function,
                                         llvm::ArrayRef<HostTensor> arguments, const Scope &caller);

} // namespace lamina::ir
