#pragma once

#include "ir/dialect.h"

/// Schedules of contractions by their extents.
namespace lamina::passes {

struct ContractionExtents {
  int64_t tileRows = 1, tileVectors = 1; ///< of the register tile
  int64_t depth = 1;                     ///< steps of a block of the contracted index
  int64_t rows = 1, columns = 1;         ///< of a task
};

/// The schedule with these extents: how the operands are read follows from them and from where the
/// operands stand.
ir::ContractionScheduleAttr makeContractionSchedule(ir::KernelOp kernel, int64_t batchSize,
                                                    int64_t lanes, ContractionExtents extents,
                                                    int64_t cost);

} // namespace lamina::passes
