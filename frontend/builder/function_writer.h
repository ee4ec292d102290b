#pragma once

#include "frontend/builder/variable.h"
#include "ir/module.h"
#include "llvm/ADT/MapVector.h"

namespace lamina::frontend::builder {

/// Writes one function of the module: variables become arguments when they are first read and
/// results when they are assigned.
class FunctionWriter {
public:
  /// `name` empty: a function that is thrown away (`erase`).
  FunctionWriter(mlir::ModuleOp module, llvm::StringRef name);

  mlir::OpBuilder &getBuilder() { return builder; }

  /// An argument other than a variable, with one attribute that says what it is.
  mlir::Value addArgument(mlir::RankedTensorType type, llvm::StringRef attribute,
                          mlir::Attribute value);
  /// Another attribute of the argument added last.
  void annotateArgument(llvm::StringRef attribute, mlir::Attribute value);
  void addResult(mlir::Value value, llvm::StringRef attribute, mlir::Attribute name);
  /// Another attribute of the result added last.
  void annotateResult(llvm::StringRef attribute, mlir::Attribute value);

  /// The variable's value at this point of the function.
  mlir::Value read(const Variable &variable);
  /// Gives the variable a new value, which becomes a result.
  void assign(const Variable &variable, mlir::Value value);

  /// Completes the function: variables first, in the module's order, then the other arguments; the
  /// other results first, then the variables.
  mlir::func::FuncOp finish();
  void erase();

private:
  struct Argument {
    mlir::BlockArgument value;
    const Variable *variable = nullptr;
    llvm::SmallVector<mlir::NamedAttribute> attributes;
  };
  struct Result {
    mlir::Value value;
    llvm::SmallVector<mlir::NamedAttribute> attributes;
  };

  void orderArguments();

  mlir::OpBuilder builder;
  mlir::func::FuncOp function;
  llvm::SmallVector<Argument> arguments;
  llvm::SmallVector<Result> results;
  llvm::MapVector<const Variable *, mlir::Value> values;
  llvm::SetVector<const Variable *> assigned;
};

} // namespace lamina::frontend::builder
