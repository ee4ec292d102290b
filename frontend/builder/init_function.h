#pragma once

#include <string>

#include "frontend/builder/variable.h"

namespace lamina::frontend::builder {

/// Writes @init(seed) -> variables, their first values; each variable's index is the number of its
/// own stream of random bits. Initializers that do not fit are reported as of `file` and the
/// variable's owner.
void writeInit(mlir::ModuleOp module, llvm::ArrayRef<const Variable *> variables,
               const std::string &file);

/// Writes @reset_states() -> `states`, variables that begin with constants, each with its first
/// value.
void writeResetStates(mlir::ModuleOp module, llvm::ArrayRef<const Variable *> states,
                      const std::string &file);

} // namespace lamina::frontend::builder
