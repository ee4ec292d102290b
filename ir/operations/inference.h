#pragma once

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

/// Helpers of shape inference and verification.
namespace lamina::ir {

using Types = mlir::SmallVectorImpl<mlir::Type>;

/// Writes to a diagnostic at `loc` when there is one; fails in any case.
template <typename... Parts>
mlir::LogicalResult refuse(std::optional<mlir::Location> loc, Parts &&...parts) {
  if (!loc)
    return mlir::failure();
  mlir::InFlightDiagnostic diagnostic = mlir::emitError(*loc);
  (diagnostic << ... << std::forward<Parts>(parts));
  return diagnostic;
}

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

} // namespace lamina::ir
