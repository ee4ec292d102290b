#pragma once

#include <cstdint>

#include "ir/dialect.h"

namespace lamina::passes {

/// What schedules depend on besides shapes: the vector registers of the target.
struct VectorTarget {
  int64_t lanes = 8;      ///< f32 elements of a register
  int64_t registers = 16; ///< vector registers
};

/// The dimensions of a contraction's result by role, in result order: batching dimensions, free
/// dimensions of the left and of the right operand.
struct ContractionShape {
  explicit ContractionShape(ir::DotGeneralOp dot);

  llvm::SmallVector<int64_t> result;     ///< extents of the result
  int64_t rowDimension = -1;             ///< result dimension tiled by rows; -1: none
  int64_t columnDimension = -1;          ///< result dimension that is vectorized; -1: none
  llvm::SmallVector<int64_t> contracted; ///< extents of the contracting dimensions
};

/// The schedule of one kernel, a function of its body, the capacity and the target alone.
ir::ScheduleAttr chooseSchedule(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target);

} // namespace lamina::passes
