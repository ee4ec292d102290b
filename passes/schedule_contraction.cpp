// Tiles, blocks and tasks of contractions.
//
// A task takes some rows and columns of the result. It goes through the contracted index in blocks
// and, for each block, through its columns tile by tile: a tile's panel of the right operand stays
// in the first-level cache while all rows of the task meet it, the block of the left operand in the
// second-level cache.
#include "passes/plan.h"
#include "passes/schedule_tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Steps of the contracted index in a block: loading and storing a tile's sums once per block costs
/// little.
constexpr int64_t kBlockDepth = 384;
/// The same where all rows fit one tile.
constexpr int64_t kStreamedDepth = 1024;
/// About the most rows and columns of a task with more steps than a block has: the left operand's
/// block stays in the second-level cache, and it and the task's sums fit on a stack.
constexpr int64_t kMostTaskRows = 288, kMostTaskColumns = 512;
/// Tasks that a few threads share evenly enough: every one copies its part of the operands.
constexpr int64_t kNeededTasks = 8;
/// What a remainder of rows costs besides its arithmetic: another variant of the tile's code.
constexpr int64_t kRemainderCycles = 20;
/// Half cycles per step that no tile falls below: eight accumulators hide the latency of sums only
/// where no operand comes late.
constexpr int64_t kLeastCycles = 9;

/// The tile with the least cycles over the whole result, remainders included; the tallest among
/// equals, as it reads the right-hand side least often.
Tile chooseTile(int64_t rows, int64_t columns, const VectorTarget &target) {
  Tile best;
  int64_t bestCycles = std::numeric_limits<int64_t>::max();
  for (int64_t vectors : {2, 3, 4, 1}) {
    if (vectors > 1 && vectors > static_cast<int64_t>(llvm::divideCeil(columns, target.lanes)))
      continue;
    // Panels are 16 columns wide and tiles cover whole panels, unless one vector does all.
    if (vectors * target.lanes % 16 != 0 && vectors * target.lanes < columns)
      continue;
    int64_t columnTiles = llvm::divideCeil(columns, vectors * target.lanes);
    for (int64_t height = 14; height >= 1; --height) {
      if (!fitsRegisters({height, vectors}, target))
        continue;
      int64_t full = rows / height, rest = rows % height;
      auto cyclesOf = [&](int64_t tileRows) {
        return std::max(tileCycles(tileRows, vectors), kLeastCycles);
      };
      int64_t cycles = full * cyclesOf(height) + (rest ? cyclesOf(rest) + kRemainderCycles : 0);
      cycles = (cycles + full / 4) * columnTiles;
      if (cycles < bestCycles) {
        bestCycles = cycles;
        best = {height, vectors};
      }
    }
  }
  return best;
}

/// Whether the right operand is a variable in panels of its columns.
bool isRightPacked(ir::KernelOp kernel, ir::DotGeneralOp dot) {
  FlatSymbolRefAttr symbol = variableOf(dot.getRhs());
  if (!symbol)
    return false;
  auto variable = SymbolTable::lookupNearestSymbolFrom<ir::VariableOp>(kernel, symbol);
  ir::PackedAttr layout = variable.getLayoutAttr();
  return layout && llvm::is_contained(dot.getRhsFreeDimensions(), layout.getDimension());
}

} // namespace

ContractionShape::ContractionShape(ir::DotGeneralOp dot) {
  result = llvm::to_vector(dot.getType().getShape());
  int64_t batching = dot.getLhsBatchingDimensions().size();
  int64_t lhsFree = dot.getLhsFreeDimensions().size();
  int64_t rhsFree = dot.getRhsFreeDimensions().size();
  if (lhsFree > 0)
    rowDimension = batching + lhsFree - 1;
  if (rhsFree > 0)
    columnDimension = batching + lhsFree + rhsFree - 1;
  for (int64_t dimension : dot.getLhsContractingDimensions())
    contracted.push_back(dot.getLhs().getType().getDimSize(dimension));
}

ir::ScheduleAttr scheduleContraction(ir::KernelOp kernel, ir::DotGeneralOp dot, int64_t batchSize,
                                     const VectorTarget &target) {
  ContractionShape shape(dot);
  auto extent = [&](int64_t dimension) {
    return dimension < 0 ? 1 : capacity(shape.result[dimension], batchSize);
  };
  int64_t rows = extent(shape.rowDimension), columns = extent(shape.columnDimension);
  int64_t depth = product(shape.contracted, batchSize);
  int64_t outer = product(shape.result, batchSize) / (rows * columns);
  Tile tile = chooseTile(rows, columns, target);
  int64_t width = tile.vectors * target.lanes;
  int64_t rowTiles = llvm::divideCeil(rows, tile.rows);
  int64_t columnTiles = llvm::divideCeil(columns, width);
  int64_t cost = outer * rowTiles * columnTiles * tileCycles(tile.rows, tile.vectors) * depth / 2 +
                 elementwiseCost(kernel, batchSize, target.lanes);
  // One tile of rows reads the right operand once, which then need not stay in a cache.
  int64_t blockDepth = evenPart(depth, rowTiles == 1 ? kStreamedDepth : kBlockDepth, target.lanes);
  int64_t needed = std::clamp<int64_t>(cost / kTaskCycles / outer, 1, kNeededTasks);
  auto leastTasks = [](int64_t size, int64_t most) -> int64_t {
    return llvm::divideCeil(size, most);
  };
  TaskGrid grid = chooseTaskGrid({leastTasks(rows, kMostTaskRows), rowTiles, rows * depth},
                                 {leastTasks(columns, kMostTaskColumns), columnTiles,
                                  columns * depth, isRightPacked(kernel, dot)},
                                 needed);
  int64_t rowsPerTask = llvm::divideCeil(rowTiles, grid.rows) * tile.rows;
  int64_t columnsPerTask = llvm::divideCeil(columnTiles, grid.columns) * width;
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::contraction, target.lanes,
                               {tile.rows, tile.vectors, blockDepth}, {rowsPerTask, columnsPerTask},
                               cost);
}

} // namespace lamina::passes
