#pragma once

#include <string>

#include "mlir/IR/Diagnostics.h"

namespace lamina::codegen {

/// Takes what MLIR reports as long as it lives and keeps the text of the first error, with the
/// layer that its location names.
class FirstError {
public:
  explicit FirstError(mlir::MLIRContext *context);

  /// Throws a UserError with the first error; with `otherwise` when there was none.
  [[noreturn]] void raise(const std::string &otherwise) const;

private:
  std::string message;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace lamina::codegen
