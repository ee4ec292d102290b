#pragma once

#include "passes/schedule.h"

/// What the schedules of all kernel families are computed with. Cycles are estimates for one
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

/// Cycles of all elementwise work of the body and of reading and writing its operands and results.
int64_t elementwiseCost(ir::KernelOp kernel, int64_t batchSize, int64_t lanes);
/// How many units of the outermost loop make one task.
int64_t unitsPerTask(int64_t units, int64_t cost);

/// The length of `length` cut into equal parts of at most about `most`, in whole `unit`s.
int64_t evenPart(int64_t length, int64_t most, int64_t unit);

/// How one side of a product of matrices can be cut into tasks. One that is packed already is read
/// where it stands, in the order in which processors ask for memory in advance.
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
struct Tile {
  int64_t rows = 1, vectors = 1;
};

/// Whether a tile's sums, a vector of each column and one more element stay in registers.
bool fitsRegisters(Tile tile, const VectorTarget &target);

/// Half cycles per step of the contracted index for a tile: fused multiply-adds, loads, and the
/// latency of four cycles that eight accumulators hide.
int64_t tileCycles(int64_t rows, int64_t vectors);

ir::ScheduleAttr scheduleContraction(ir::KernelOp kernel, ir::DotGeneralOp dot, int64_t batchSize,
                                     const VectorTarget &target);
ir::ScheduleAttr scheduleConvolution(ir::KernelOp kernel, ir::ConvolutionOp op, int64_t batchSize,
                                     const VectorTarget &target);
ir::ScheduleAttr scheduleFilterGradient(ir::KernelOp kernel, ir::FilterGradientOp op,
                                        int64_t batchSize, const VectorTarget &target);
ir::ScheduleAttr scheduleWinograd(ir::KernelOp kernel, ir::WinogradConvolutionOp op,
                                  int64_t batchSize, const VectorTarget &target);
ir::ScheduleAttr scheduleWinogradFilter(ir::KernelOp kernel, ir::WinogradFilterOp op,
                                        int64_t batchSize, const VectorTarget &target);
ir::ScheduleAttr scheduleWinogradGradient(ir::KernelOp kernel, ir::FilterGradientOp op,
                                          int64_t batchSize, const VectorTarget &target);
ir::ScheduleAttr scheduleWindow(ir::KernelOp kernel, mlir::Operation *anchor, int64_t batchSize,
                                const VectorTarget &target);
ir::ScheduleAttr scheduleScatter(ir::KernelOp kernel, ir::ScatterOp op, int64_t batchSize,
                                 const VectorTarget &target);

} // namespace lamina::passes
