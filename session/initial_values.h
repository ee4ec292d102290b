#pragma once

#include <map>
#include <string>
#include <vector>

#include "frontend/files/arrays/array.h"
#include "mlir/IR/BuiltinOps.h"

namespace lamina::session {

/// Initial values of a module's variables that need no computation. Where the file gives all
/// others,
/// @init need not be compiled.
struct PlainInitialValues {
  std::map<std::string, frontend::Array> constants; ///< by symbol
  std::vector<std::string> seeds;                   ///< symbols of variables that start as the seed
};

/// Reads them from @init. The module is of the import stage.
PlainInitialValues findPlainInitialValues(mlir::ModuleOp module);

} // namespace lamina::session
