#include "passes/families/tools.h"

#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// More tasks than any thread count needs for an even split.
constexpr int64_t kMostTasks = 64;
/// Bytes of a tensor that does not stay in the caches until the next kernel.
constexpr int64_t kStreamedBytes = 8 * 1024 * 1024;

} // namespace

int64_t capacity(int64_t extent, int64_t batchSize) {
  return ShapedType::isDynamic(extent) ? batchSize : extent;
}

int64_t product(ArrayRef<int64_t> extents, int64_t batchSize) {
  int64_t result = 1;
  for (int64_t extent : extents)
    result *= capacity(extent, batchSize);
  return result;
}

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t unitsPerTask(int64_t units, int64_t cost) {
  int64_t tasks = std::clamp<int64_t>(cost / kTaskCycles, 1, kMostTasks);
  return llvm::divideCeil(units, std::min(tasks, units));
}

bool fitsRegisters(RegisterTile tile, const VectorTarget &target) {
  int64_t usable = target.registers == 32 ? 31 : target.registers;
  return tile.rows * tile.vectors + tile.vectors + 1 <= usable;
}

int64_t tileCycles(int64_t rows, int64_t vectors) {
  return std::max<int64_t>({rows * vectors, rows + vectors, 8});
}

int64_t evenPart(int64_t length, int64_t most, int64_t unit) {
  int64_t parts = llvm::divideCeil(length, std::max(most, unit));
  return llvm::alignTo(llvm::divideCeil(length, parts), unit);
}

TaskGrid chooseTaskGrid(TaskSide rows, TaskSide columns, int64_t needed) {
  auto readCost = [](const TaskSide &side, int64_t readers, int64_t otherTiles) {
    int64_t elementCost = side.packed ? 1 : otherTiles / readers >= kTilesWorthCopy ? 8 : 12;
    return side.elements * readers * elementCost;
  };
  TaskGrid best{rows.leastTasks, columns.leastTasks};
  int64_t bestCost = std::numeric_limits<int64_t>::max();
  for (int64_t r = rows.leastTasks; r <= rows.tiles; ++r)
    for (int64_t c = columns.leastTasks; c <= columns.tiles; ++c) {
      int64_t cost = readCost(rows, c, columns.tiles) + readCost(columns, r, rows.tiles);
      if ((r * c >= needed || r * c == rows.tiles * columns.tiles) && cost < bestCost) {
        bestCost = cost;
        best = {r, c};
      }
    }
  return best;
}

TileSplit::TileSplit(int64_t positions, int64_t mostRows)
    : tiles(llvm::divideCeil(positions, mostRows)) {
  height = llvm::divideCeil(positions, tiles);
  tall = positions - tiles * (height - 1);
}

int64_t TileSplit::startOf(int64_t tile) const {
  return tile * height - std::max<int64_t>(0, tile - tall);
}

bool isStreamed(RankedTensorType type, int64_t batchSize) {
  return getBufferBytes(type, batchSize) >= kStreamedBytes;
}

int64_t elementBytes(Value value) {
  return getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth() / 8;
}

llvm::SmallVector<int64_t> reducedDimensions(Operation *op) {
  if (auto reduce = dyn_cast<ir::ReduceOp>(op))
    return llvm::to_vector(reduce.getDimensions());
  return {static_cast<int64_t>(cast<ir::ArgmaxOp>(op).getDimension())};
}

bool areTrailing(ArrayRef<int64_t> dimensions, int64_t rank) {
  for (auto [index, dimension] : llvm::enumerate(dimensions))
    if (dimension != rank - static_cast<int64_t>(dimensions.size() - index))
      return false;
  return true;
}

int64_t elementwiseCycles(ir::KernelOp kernel, int64_t batchSize, int64_t lanes) {
  return costOf(kernel, batchSize, lanes).elementwiseCycles();
}

Schedules otherExtents(int64_t whole, int64_t unit, bool mayGrow,
                       llvm::function_ref<ir::Schedule(int64_t)> with) {
  Schedules result;
  int64_t half = llvm::alignTo(llvm::divideCeil(whole, 2), unit);
  if (half < whole)
    result.push_back(with(half));
  if (mayGrow)
    result.push_back(with(2 * whole));
  return result;
}

void addOtherHeights(Schedules &schedules, RegisterTile tile, const VectorTarget &target,
                     llvm::function_ref<ir::Schedule(int64_t)> with) {
  for (int64_t change : {-1, 1, -2})
    if (int64_t rows = tile.rows + change; rows >= 1 && fitsRegisters({rows, tile.vectors}, target))
      schedules.push_back(with(rows));
}

int64_t wholeTiles(int64_t extent, int64_t rows) {
  return std::max<int64_t>(extent / rows, 1) * rows;
}

} // namespace lamina::passes
