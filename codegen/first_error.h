#pragma once

#include <string>

#include "mlir/IR/Diagnostics.h"

namespace lamina::codegen {

/// Takes what MLIR reports as long as it lives and keeps the first error as text: `layer 'x':
/// reason` where its location names a layer.
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
