// Tiles, blocks and tasks of contractions.
//
// A task takes some rows and columns of the result. It goes through the contracted index in blocks
// and, for each block, through its columns tile by tile: a tile's panel of the right operand stays
// in the first-level cache while all rows of the task meet it, the block of the left operand in the
// second-level cache.
#include "passes/families/contraction.h"

#include "passes/families/families.h"
#include "passes/families/tools.h"
#include "passes/memory/plan.h"
#include "passes/schedule/memory_layout.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Steps of the contracted index in a block: loading and storing a tile's sums once per block costs
/// little.
constexpr int64_t kBlockDepth = 384;
/// The same where all rows fit one tile.
constexpr int64_t kStreamedDepth = 1024;
/// About the most rows and columns of a task with more steps than a block has: the left operand's
/// block stays in the second-level cache, together with the task's sums.
constexpr int64_t kMostTaskRows = 288, kMostTaskColumns = 512;
/// Tasks that a few threads share evenly enough: every one copies its part of the operands.
constexpr int64_t kNeededTasks = 8;
/// Bytes of an operand's part in a task that the first-level cache holds beside the other one.
constexpr int64_t kSmallBytes = 16 * 1024;
/// Elements of a copy that is worth being spread over the tiles of rows before it is needed.
constexpr int64_t kLeastPanel = 2048;
/// The cost of a remainder of rows besides its arithmetic: another variant of the tile's code.
constexpr int64_t kRemainderCycles = 20;
/// Half cycles per step that no tile falls below: eight accumulators hide the latency of sums only
/// where no operand comes late.
constexpr int64_t kLeastCycles = 9;

/// The tile with the least cycles over the whole result, remainders included; the tallest among
/// equals, as it reads the right-hand side least often.
RegisterTile chooseTile(int64_t rows, int64_t columns, int64_t panel, const VectorTarget &target) {
  RegisterTile best;
  int64_t bestCycles = std::numeric_limits<int64_t>::max();
  for (int64_t vectors : {2, 3, 4, 1}) {
    if (vectors > 1 && vectors > static_cast<int64_t>(llvm::divideCeil(columns, target.lanes)))
      continue;
    // Tiles cover whole panels, unless one vector does all.
    if (vectors * target.lanes % panel != 0 && vectors * target.lanes < columns)
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
bool isRightPacked(ir::DotGeneralOp dot) {
  ir::PackedAttr layout = isa<BlockArgument>(dot.getRhs()) ? layoutOf(dot.getRhs()) : nullptr;
  return layout && layout.getGroup() == 1 &&
         llvm::is_contained(dot.getRhsFreeDimensions(), layout.getDimension());
}

//===--- Copies -------------------------------------------------------------------------------===//

/// The operands of a contraction as its tasks read them.
class Operands {
public:
  Operands(ir::KernelOp kernel, ir::DotGeneralOp dot, int64_t batchSize)
      : dot(dot), shape(dot), batchSize(batchSize), bytes(elementBytes(dot.getLhs())),
        left(findWithSteps(kernel, dot.getLhs(), dot.getLhsContractingDimensions(), batchSize)),
        right(findWithSteps(kernel, dot.getRhs(), dot.getRhsContractingDimensions(), batchSize)) {}

  /// Elements from one row of the left operand to the next where it is read in place.
  std::optional<int64_t> leftRowStride() const {
    if (!left)
      return std::nullopt;
    llvm::SmallVector<int64_t> free = dot.getLhsFreeDimensions();
    return free.empty() ? std::optional<int64_t>(0) : left->strideOf(free.back());
  }

  /// Whether neighbouring steps of the left operand are contiguous in memory, not its rows.
  bool stepsAreInner() const {
    int64_t rank = dot.getLhs().getType().getRank();
    return dot.getLhsFreeDimensions().empty() ||
           llvm::is_contained(dot.getLhsContractingDimensions(), rank - 1);
  }

  /// Whether vectors of columns of the right operand are read in place: from lines, or from panels.
  bool isRightReadable(int64_t lanes) const {
    if (!right || !right->keepsLines() || dot.getRhsFreeDimensions().empty())
      return false;
    int64_t column = dot.getRhsFreeDimensions().back();
    if (right->packed)
      return right->packed.getDimension() == column && right->packed.getWidth() % lanes == 0;
    return right->strideOf(column) == 1;
  }

  ir::LeftCopy chooseLeft(int64_t tasksRows, int64_t columnTiles, int64_t depth) const {
    int64_t steps = std::min(depth, product(shape.contracted, batchSize));
    int64_t rows = std::min(tasksRows, extentOf(shape.rowDimension));
    bool inner = stepsAreInner();
    std::optional<int64_t> rowStride = leftRowStride();
    if (rowStride && !isWorthCopy(columnTiles, inner ? rows : steps,
                                  inner ? *rowStride : stepsOf(*left, /*isLeft=*/true)))
      return ir::LeftCopy::none;
    return inner ? ir::LeftCopy::lines : ir::LeftCopy::panels;
  }

  ir::RightCopy chooseRight(int64_t rowTiles, int64_t columns, int64_t width, int64_t depth,
                            int64_t lanes) const {
    int64_t steps = std::min(depth, product(shape.contracted, batchSize));
    if (isRightReadable(lanes) &&
        (right->packed || !isWorthCopy(rowTiles, steps, stepsOf(*right, /*isLeft=*/false))))
      return ir::RightCopy::none;
    bool ahead = columns > width && steps * width >= kLeastPanel;
    return ahead ? ir::RightCopy::ahead : ir::RightCopy::block;
  }

private:
  static std::optional<MemoryLayout> findWithSteps(ir::KernelOp kernel, Value operand,
                                                   ArrayRef<int64_t> contracting,
                                                   int64_t batchSize) {
    auto layout = findOperandLayout(kernel, operand, batchSize);
    if (layout && !layout->strideOfMerged(contracting))
      layout.reset();
    return layout;
  }

  int64_t stepsOf(const MemoryLayout &layout, bool isLeft) const {
    return *layout.strideOfMerged(isLeft ? dot.getLhsContractingDimensions()
                                         : dot.getRhsContractingDimensions());
  }

  /// Whether tiles read an operand often enough from far enough away. `lines` of them are
  /// `lineStride` elements apart.
  bool isWorthCopy(int64_t readers, int64_t lines, int64_t lineStride) const {
    return readers >= kTilesWorthCopy && lines * lineStride * bytes > kSmallBytes;
  }

  int64_t extentOf(int64_t dimension) const {
    return dimension < 0 ? 1 : capacity(shape.result[dimension], batchSize);
  }

  mutable ir::DotGeneralOp dot;
  ContractionShape shape;
  int64_t batchSize, bytes;
  std::optional<MemoryLayout> left, right;
};

/// Where the right operand has no free dimension, numbers are multiplied one by one and nothing is
/// copied.
bool hasColumns(ir::DotGeneralOp dot) {
  return ContractionShape(dot).columnDimension >= 0;
}

} // namespace

ir::ContractionScheduleAttr makeContractionSchedule(ir::KernelOp kernel, int64_t batchSize,
                                                    int64_t lanes, ContractionExtents extents,
                                                    int64_t cost) {
  auto dot = anchorAs<ir::DotGeneralOp>(kernel);
  Operands operands(kernel, dot, batchSize);
  int64_t width = extents.tileVectors * lanes;
  auto left = ir::LeftCopy::none;
  auto right = ir::RightCopy::none;
  if (hasColumns(dot)) {
    left = operands.chooseLeft(extents.rows, extents.columns / width, extents.depth);
    right = operands.chooseRight(llvm::divideCeil(extents.rows, extents.tileRows), extents.columns,
                                 width, extents.depth, lanes);
  }
  return ir::ContractionScheduleAttr::get(kernel.getContext(), lanes, extents.tileRows,
                                          extents.tileVectors, extents.depth, extents.rows,
                                          extents.columns, left, right, cost);
}

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

namespace {

ir::Schedule schedule(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto dot = anchorAs<ir::DotGeneralOp>(kernel);
  ContractionShape shape(dot);
  auto extent = [&](int64_t dimension) {
    return dimension < 0 ? 1 : capacity(shape.result[dimension], batchSize);
  };
  int64_t rows = extent(shape.rowDimension), columns = extent(shape.columnDimension);
  int64_t depth = product(shape.contracted, batchSize);
  int64_t outer = product(shape.result, batchSize) / (rows * columns);
  RegisterTile tile = chooseTile(rows, columns, panelWidth(dot.getType().getElementType()), target);
  int64_t width = tile.vectors * target.lanes;
  int64_t rowTiles = llvm::divideCeil(rows, tile.rows);
  int64_t columnTiles = llvm::divideCeil(columns, width);
  int64_t cost = outer * rowTiles * columnTiles * tileCycles(tile.rows, tile.vectors) * depth / 2 +
                 elementwiseCycles(kernel, batchSize, target.lanes);
  // One tile of rows reads the right operand once, which then need not stay in a cache.
  int64_t blockDepth = evenPart(depth, rowTiles == 1 ? kStreamedDepth : kBlockDepth, target.lanes);
  int64_t needed = std::clamp<int64_t>(cost / kTaskCycles / outer, 1, kNeededTasks);
  auto leastTasks = [](int64_t size, int64_t most) -> int64_t {
    return llvm::divideCeil(size, most);
  };
  TaskGrid grid = chooseTaskGrid(
      {leastTasks(rows, kMostTaskRows), rowTiles, rows * depth},
      {leastTasks(columns, kMostTaskColumns), columnTiles, columns * depth, isRightPacked(dot)},
      needed);
  int64_t rowsPerTask = llvm::divideCeil(rowTiles, grid.rows) * tile.rows;
  int64_t columnsPerTask = llvm::divideCeil(columnTiles, grid.columns) * width;
  return makeContractionSchedule(kernel, batchSize, target.lanes,
                                 {tile.rows, tile.vectors, blockDepth, rowsPerTask, columnsPerTask},
                                 cost);
}

Schedules equivalents(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto chosen = scheduleAs<ir::ContractionScheduleAttr>(kernel);
  ContractionExtents extents{chosen.getTileRows(), chosen.getTileVectors(), chosen.getDepth(),
                             chosen.getRows(), chosen.getColumns()};
  auto with = [&](int64_t ContractionExtents::*extent, int64_t value) {
    ContractionExtents changed = extents;
    changed.*extent = value;
    changed.rows = wholeTiles(changed.rows, changed.tileRows);
    return makeContractionSchedule(kernel, batchSize, chosen.getLanes(), changed, chosen.getCost());
  };
  Schedules result =
      otherExtents(extents.rows, extents.tileRows, /*mayGrow=*/false,
                   [&](int64_t rows) { return with(&ContractionExtents::rows, rows); });
  result.append(otherExtents(extents.columns, extents.tileVectors * chosen.getLanes(),
                             /*mayGrow=*/false, [&](int64_t columns) {
                               return with(&ContractionExtents::columns, columns);
                             }));
  addOtherHeights(result, {extents.tileRows, extents.tileVectors}, target,
                  [&](int64_t rows) { return with(&ContractionExtents::tileRows, rows); });
  return result;
}

/// An operand that is not copied must be readable in place.
LogicalResult check(ir::KernelOp kernel, int64_t batchSize) {
  auto chosen = scheduleAs<ir::ContractionScheduleAttr>(kernel);
  auto dot = anchorAs<ir::DotGeneralOp>(kernel);
  Operands operands(kernel, dot, batchSize);
  if (!hasColumns(dot))
    return success();
  if (chosen.getLeft() == ir::LeftCopy::none && !operands.leftRowStride())
    return kernel.emitOpError("reads a left operand in place that has to be copied");
  if (chosen.getLeft() == ir::LeftCopy::panels && dot.getLhsFreeDimensions().empty())
    return kernel.emitOpError("copies panels of rows of a left operand without rows");
  if (chosen.getRight() == ir::RightCopy::none && !operands.isRightReadable(chosen.getLanes()))
    return kernel.emitOpError("reads a right operand in place that has to be copied");
  return success();
}

/// A full batch's remainder of rows has code of its own, and the number of steps says whether sums
/// wait between blocks.
bool contractionReadsBatchSize(ir::KernelOp kernel) {
  ContractionShape shape(anchorAs<ir::DotGeneralOp>(kernel));
  auto isRows = [&](int64_t dimension) {
    return dimension >= 0 && ShapedType::isDynamic(shape.result[dimension]);
  };
  return isRows(shape.rowDimension) || isRows(shape.columnDimension) ||
         llvm::any_of(shape.contracted, ShapedType::isDynamic);
}

} // namespace

const FamilyRules kContractionFamily = {[](Operation *op) { return isa<ir::DotGeneralOp>(op); },
                                        /*takesFollowers=*/true,
                                        /*storesTransposedCopies=*/true,
                                        schedule,
                                        equivalents,
                                        check,
                                        contractionReadsBatchSize};

} // namespace lamina::passes
