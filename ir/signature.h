#pragma once

#include "ir/module.h"
#include "ir/variable_role.h"

/// What the arguments and results of a function are to it, and what variables are to the training:
/// read and checked in one place from the attributes that name it.
namespace lamina::ir {

/// On a target argument of class indices: how many classes there are (i64).
inline constexpr llvm::StringLiteral kClassesAttr = "lamina.classes";
/// On a target argument whose loss has no lower bound unless the values are from 0 to 1.
inline constexpr llvm::StringLiteral kProbabilityAttr = "lamina.probability";
/// On an input argument of indices into an embedding: how many entries that has (i64).
inline constexpr llvm::StringLiteral kEntriesAttr = "lamina.entries";
/// On a variable: symbol of the variable that holds its moving average, to take its place when
/// training ends.
inline constexpr llvm::StringLiteral kAverageAttr = "lamina.average";
/// On a variable of the optimizer: its VariableRole, as setRole writes it.
inline constexpr llvm::StringLiteral kRoleAttr = "lamina.role";

VariableRole roleOf(VariableOp variable);
/// Whether a pass made the variable for the step's own use, a mirror or a sum of gradients: it has
/// no first value of its own and is neither loaded nor saved.
bool isInternal(VariableOp variable);
void setRole(VariableOp variable, VariableRole role);

/// The role of an argument or a result in its function.
enum class PortRole {
  Variable,     ///< the value of a variable before the call or after it
  Gradient,     ///< of the loss by a variable
  Input,        ///< argument: rows of the model's input
  Target,       ///< argument: what the outputs of the rows should be
  SampleWeight, ///< argument: how much each row of an output's loss counts
  Seed,         ///< argument: what random numbers start from, an i64
  Load,         ///< argument: logical values of a variable
  Save,         ///< result: logical values of a variable
  Output,       ///< result: rows of the model's output
  Log,          ///< result: loss or metrics of the batch
  Sum           ///< result: what the batch adds to the sums of a log; argument: those sums
};

/// An argument or a result.
struct Port {
  PortRole role = PortRole::Variable;
  mlir::StringAttr name; ///< of the input, output, …; the symbol of a variable
  mlir::RankedTensorType type;
  unsigned position = 0; ///< among the function's arguments or results
  /// Among those of its role: the number of the tensor; of logs and sums, which lie in one array,
  /// that of the first element.
  size_t index = 0;
  /// Values are whole numbers below this: a target's classes, an input's entries. 0: any values.
  int64_t bound = 0;
  bool isProbability = false; ///< of a target: see kProbabilityAttr
  bool isPerBatch = false;    ///< of a log: see kPerBatchAttr
};

/// The arguments and results of a function, in order.
struct FunctionSignature {
  std::vector<Port> arguments, results;

  /// Those that are not variables, in order: what callers give and take.
  std::vector<Port> externalArguments() const;
  std::vector<Port> externalResults() const;
};

/// The ports of one role, in order.
std::vector<Port> portsOf(llvm::ArrayRef<Port> ports, PortRole role);

/// Reads what attributes say about a function of a module from the import stage on. Emits an error
/// where an argument or result has no role, has two, has one that is not for it, or where its type
/// is none for the role, or where a name occurs twice.
mlir::FailureOr<FunctionSignature> readSignature(mlir::func::FuncOp function);

} // namespace lamina::ir
