#pragma once

#include <string>
#include <vector>

#include "frontend/builder/initializer.h"
#include "ir/variable_role.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "support/element_type.h"

namespace lamina::frontend::builder {

/// On a variable that is stored in the weights file twice: the second path.
inline constexpr llvm::StringLiteral kCopyAttr = "lamina.copy";

/// A variable of the module that is being written.
struct Variable {
  std::string symbol;   ///< unique in the module, such as "dense/kernel"
  std::string path;     ///< in the weights file, such as "layers/dense/vars/0"; empty: not stored
  std::string copyPath; ///< a second place there that gets the same value; empty for none
  std::string owner;    ///< for messages, such as "layer 'dense'"
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape = {};
  Initializer initializer = ConstantInitializer{};
  bool isTrainable = false;
  ir::VariableRole training = ir::VariableRole::Model; ///< its role in the training
  size_t index = 0; ///< position among the module's variables, once all are known
};

/// The type of a variable's value.
mlir::RankedTensorType variableType(mlir::MLIRContext *context, const Variable &variable);

/// Declares the variable at the end of the module.
void declareVariable(mlir::ModuleOp module, const Variable &variable);

} // namespace lamina::frontend::builder
