#pragma once

#include <map>
#include <string>
#include <vector>

#include "mlir/IR/BuiltinOps.h"

namespace lamina::session {

/// The first values of a module's variables that need no computation, where the file gives none.
struct PlainInitialValues {
  std::map<std::string, double> numbers; ///< of all elements, by symbol
  std::vector<std::string> seeds;        ///< symbols of variables that start as the seed
};

/// Reads them from @init. The module is of the import stage.
PlainInitialValues findPlainInitialValues(mlir::ModuleOp module);

} // namespace lamina::session
