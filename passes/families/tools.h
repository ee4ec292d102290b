#pragma once

#include "passes/schedule/cost.h"
#include "passes/schedule/schedule.h"

/// Helpers of the schedules of all kernel families. Cycles are estimates for one
/// thread.
namespace lamina::passes {

/// Cycles of one task that are worth handing to another thread.
inline constexpr int64_t kTaskCycles = 3000;
/// Tasks that any thread count shares evenly enough.
inline constexpr int64_t kEnoughTasks = 16;
/// Elements that tasks of map kernels are multiples of.
inline constexpr int64_t kMapUnit = 64;

int64_t capacity(int64_t extent, int64_t batchSize);
int64_t product(llvm::ArrayRef<int64_t> extents, int64_t batchSize);
mlir::RankedTensorType typeOf(mlir::Value value);

int64_t elementBytes(mlir::Value value);
/// Whether a tensor is too large to be in the caches still when the next kernel reads it.
bool isStreamed(mlir::RankedTensorType type, int64_t batchSize);

/// The dimensions that a reduction or an argmax takes away.
llvm::SmallVector<int64_t> reducedDimensions(mlir::Operation *op);
/// Whether they are the last ones of so many.
bool areTrailing(llvm::ArrayRef<int64_t> dimensions, int64_t rank);

/// Cycles of all elementwise work of the body and of reading and writing its operands and results.
int64_t elementwiseCycles(ir::KernelOp kernel, int64_t batchSize, int64_t lanes);
/// How many units of the outermost loop make one task.
int64_t unitsPerTask(int64_t units, int64_t cost);

/// The length of `length` cut into equal parts of at most about `most`, in whole `unit`s.
int64_t evenPart(int64_t length, int64_t most, int64_t unit);

/// How one side of a product of matrices can be cut into tasks. One that is packed already is read
/// in place, in an order that hardware prefetchers follow.
struct TaskSide {
  int64_t leastTasks, tiles, elements;
  bool packed = false;
};
struct TaskGrid {
  int64_t rows, columns;
};

/// The grid of at least `needed` tasks with the least work besides the products: every task reads
/// its part of both sides, so cutting one side reads the other one again, and tasks of few tiles
/// share little of what they read.
TaskGrid chooseTaskGrid(TaskSide rows, TaskSide columns, int64_t needed);

/// A register tile.
struct RegisterTile {
  int64_t rows = 1, vectors = 1;
};

/// Whether a tile's sums, a vector of each column and one more element stay in registers.
bool fitsRegisters(RegisterTile tile, const VectorTarget &target);

/// Half cycles per step of the contracted index for a tile: fused multiply-adds, loads, and the
/// latency of four cycles that eight accumulators hide.
int64_t tileCycles(int64_t rows, int64_t vectors);

/// Schedules with tasks of half the extent, in whole units, and of twice the extent where a task
/// keeps nothing that grows with it.
Schedules otherExtents(int64_t whole, int64_t unit, bool mayGrow,
                       llvm::function_ref<ir::Schedule(int64_t extent)> with);
/// Adds schedules with register tiles of other heights that fit the registers.
void addOtherHeights(Schedules &schedules, RegisterTile tile, const VectorTarget &target,
                     llvm::function_ref<ir::Schedule(int64_t rows)> with);
/// An extent of tasks in whole tiles of another height.
int64_t wholeTiles(int64_t extent, int64_t rows);

} // namespace lamina::passes
