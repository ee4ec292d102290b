#pragma once

#include <cstdint>

#include "ir/dialect.h"

namespace lamina::passes {

/// The vector registers of the target, which schedules depend on besides shapes.
struct VectorTarget {
  int64_t lanes = 8;      ///< elements of a register; of f32 where no kernel is named
  int64_t registers = 16; ///< vector registers

  /// The same registers as vectors of a kernel's elements.
  VectorTarget of(ir::KernelOp kernel) const;
};

using Schedules = llvm::SmallVector<ir::Schedule>;

/// The dimensions of a contraction's result by role, in result order: batching dimensions, free
/// dimensions of the left and of the right operand.
struct ContractionShape {
  explicit ContractionShape(ir::DotGeneralOp dot);

  llvm::SmallVector<int64_t> result;     ///< extents of the result
  int64_t rowDimension = -1;             ///< result dimension tiled by rows; -1: none
  int64_t columnDimension = -1;          ///< result dimension that is vectorized; -1: none
  llvm::SmallVector<int64_t> contracted; ///< extents of the contracting dimensions
};

/// Cuts a line of positions into tiles of two heights that differ by one: `tall` tiles of `height`
/// rows come first, the others have one less.
struct TileSplit {
  TileSplit(int64_t positions, int64_t mostRows);

  int64_t tiles = 0, tall = 0, height = 0;
  int64_t heightOf(int64_t tile) const { return tile < tall ? height : height - 1; }
  /// The first position of a tile.
  int64_t startOf(int64_t tile) const;
};

/// Copying the operands of a contraction or of a gradient by the filter pays when at least this
/// many tiles read the copy.
inline constexpr int64_t kTilesWorthCopy = 4;

/// The schedule of one kernel, a function of its body, the capacity and the target alone.
ir::Schedule chooseSchedule(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target);

/// Other schedules of a kernel that has one, with the same bits as result: other heights of its
/// register tiles, tasks of half and twice the extent. How sums are cut into blocks stays. Which is
/// fastest depends on caches and prefetchers and is found by measuring.
Schedules equivalentSchedules(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target);

/// Whether the kernel has a schedule of its family that fits its body; emits an error where not.
/// What code generation relies on is checked here, in release builds too.
mlir::LogicalResult checkSchedule(ir::KernelOp kernel, int64_t batchSize);

} // namespace lamina::passes
