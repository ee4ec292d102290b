#pragma once

#include "ir/dialect.h"

/// Checks that the verifiers of all schedules share. Each emits an error where it fails.
namespace lamina::ir {

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// A field of a schedule by the name that its text has.
struct ScheduleField {
  llvm::StringRef name;
  int64_t value;
};

/// Whether the number of lanes is a power of two and the cost is not negative.
mlir::LogicalResult checkLanes(EmitError emitError, int64_t lanes, int64_t cost);
mlir::LogicalResult checkPositive(EmitError emitError, llvm::ArrayRef<ScheduleField> fields);

} // namespace lamina::ir
