// Tiles, vector widths and tasks of kernels, from shapes and the target's registers.
#include "passes/schedule.h"

#include "ir/module.h"
#include "mlir/Pass/Pass.h"
#include "passes/convolution_geometry.h"
#include "passes/passes.h"
#include "passes/schedule_tools.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_SCHEDULE
#include "passes/passes.h.inc"

namespace {

/// More tasks than any thread count needs for an even split.
constexpr int64_t kMostTasks = 64;

/// Cycles per vector of elements, from published throughputs of vector instructions.
int64_t vectorCycles(Operation *op) {
  if (isa<ir::ConstantOp, ir::BroadcastInDimOp, ir::ReshapeOp, ir::TransposeOp, ir::RowsOp>(op))
    return 0;
  if (isa<ir::PowerOp>(op))
    return 40;
  if (isa<ir::RngBitsOp, ir::RemainderOp, ir::ErfOp, ir::SineOp, ir::CosineOp>(op))
    return 30;
  if (isa<ir::ExponentialOp, ir::ExponentialMinusOneOp, ir::LogOp, ir::LogPlusOneOp, ir::TanhOp,
          ir::LogisticOp>(op))
    return 15;
  if (isa<ir::DivideOp, ir::SqrtOp, ir::RsqrtOp>(op))
    return 5;
  return 1;
}

/// Anchors whose multiply-adds are counted apart.
bool isComputeBound(Operation *op) {
  return isa<ir::DotGeneralOp, ir::ConvolutionOp, ir::FilterGradientOp>(op);
}

/// What a remainder of rows costs besides its arithmetic: another variant of the tile's code.
constexpr int64_t kRemainderCycles = 20;

/// The tile with the least cycles over the whole result, remainders included; the tallest among
/// equals, as it reads the right-hand side least often.
Tile chooseTile(int64_t rows, int64_t columns, const VectorTarget &target) {
  Tile best;
  int64_t bestCycles = std::numeric_limits<int64_t>::max();
  int64_t usable = target.registers == 32 ? 31 : target.registers;
  for (int64_t vectors : {2, 3, 4, 1}) {
    if (vectors > 1 && vectors > static_cast<int64_t>(llvm::divideCeil(columns, target.lanes)))
      continue;
    // Panels are 16 columns wide and tiles cover whole panels, unless one vector does all.
    if (vectors * target.lanes % 16 != 0 && vectors * target.lanes < columns)
      continue;
    int64_t columnTiles = llvm::divideCeil(columns, vectors * target.lanes);
    for (int64_t height = 14; height >= 1; --height) {
      if (height * vectors + vectors + 1 > usable)
        continue;
      int64_t full = rows / height, rest = rows % height;
      int64_t cycles = full * tileCycles(height, vectors) +
                       (rest ? tileCycles(rest, vectors) + kRemainderCycles : 0);
      cycles = (cycles + full / 4) * columnTiles;
      if (cycles < bestCycles) {
        bestCycles = cycles;
        best = {height, vectors};
      }
    }
  }
  return best;
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
  int64_t cost = outer * llvm::divideCeil(rows, tile.rows) * llvm::divideCeil(columns, width) *
                     tileCycles(tile.rows, tile.vectors) * depth / 2 +
                 elementwiseCost(kernel, batchSize, target.lanes);
  // Columns are cut first: a task then keeps its panels in cache over all rows.
  int64_t columnTiles = llvm::divideCeil(columns, width);
  int64_t tasks = std::clamp<int64_t>(cost / kTaskCycles / outer, 1, kMostTasks);
  int64_t columnTasks = std::min(tasks, columnTiles);
  int64_t rowTasks = std::max<int64_t>(1, tasks / columnTasks);
  int64_t rowTiles = llvm::divideCeil(rows, tile.rows);
  int64_t rowsPerTask = llvm::divideCeil(rowTiles, std::min(rowTasks, rowTiles)) * tile.rows;
  int64_t columnsPerTask = llvm::divideCeil(columnTiles, columnTasks) * width;
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::contraction, target.lanes,
                               {tile.rows, tile.vectors}, {rowsPerTask, columnsPerTask}, cost);
}

ir::ScheduleAttr scheduleReduction(ir::KernelOp kernel, Operation *anchor, int64_t batchSize,
                                   const VectorTarget &target) {
  RankedTensorType whole = typeOf(anchor->getOperand(0)), kept = typeOf(anchor->getResult(0));
  bool trailing = true;
  int64_t firstReduced = kept.getRank();
  if (auto reduce = dyn_cast<ir::ReduceOp>(anchor)) {
    for (auto [index, dimension] : llvm::enumerate(reduce.getDimensions()))
      trailing &= dimension == firstReduced + static_cast<int64_t>(index);
  } else {
    trailing = static_cast<int64_t>(cast<ir::ArgmaxOp>(anchor).getDimension()) == firstReduced;
  }
  int64_t cost = elementwiseCost(kernel, batchSize, target.lanes);
  int64_t units = product(kept.getShape(), batchSize);
  if (trailing) {
    // A row costs at least the latency of a horizontal reduction.
    int64_t inner = product(whole.getShape(), batchSize) / units;
    if (inner < 4 * target.lanes)
      cost += 20 * units;
    return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::row, target.lanes, {},
                                 {unitsPerTask(units, cost)}, cost);
  }
  int64_t columns = kept.getRank() == 0 ? 1 : capacity(kept.getShape().back(), batchSize);
  int64_t vectors = std::clamp<int64_t>(columns / target.lanes, 1, 4);
  int64_t width = vectors * target.lanes;
  int64_t tilesPerRow = llvm::divideCeil(columns, width);
  int64_t perTask = unitsPerTask(units / columns * tilesPerRow, cost);
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::column, target.lanes,
                               {vectors}, {perTask}, cost);
}

ir::ScheduleAttr scheduleMap(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  int64_t cost = elementwiseCost(kernel, batchSize, target.lanes);
  int64_t elements = product(typeOf(kernel.getResult(0)).getShape(), batchSize);
  int64_t perTask = llvm::divideCeil(unitsPerTask(elements, cost), 64) * 64;
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::map, target.lanes, {},
                               {perTask}, cost);
}

struct SchedulePass : impl::ScheduleBase<SchedulePass> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
    VectorTarget target{lanes, registers};
    function.walk([&](ir::KernelOp kernel) {
      kernel.setScheduleAttr(chooseSchedule(kernel, batchSize, target));
    });
  }
};

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

int64_t elementwiseCost(ir::KernelOp kernel, int64_t batchSize, int64_t lanes) {
  int64_t cost = 0;
  for (Operation &op : kernel.getBlock().without_terminator())
    if (!isComputeBound(&op)) {
      Value shaped = op.getNumOperands() > 0 ? op.getOperand(0) : op.getResult(0);
      int64_t elements = std::max(product(typeOf(shaped).getShape(), batchSize),
                                  product(typeOf(op.getResult(0)).getShape(), batchSize));
      cost += vectorCycles(&op) * llvm::divideCeil(elements, lanes);
    }
  auto addTraffic = [&](Value value) {
    cost += llvm::divideCeil(product(typeOf(value).getShape(), batchSize), lanes);
  };
  llvm::for_each(kernel.getInputs(), addTraffic);
  llvm::for_each(kernel.getOutputs(), addTraffic);
  return cost;
}

int64_t unitsPerTask(int64_t units, int64_t cost) {
  int64_t tasks = std::clamp<int64_t>(cost / kTaskCycles, 1, kMostTasks);
  return llvm::divideCeil(units, std::min(tasks, units));
}

int64_t tileCycles(int64_t rows, int64_t vectors) {
  return std::max<int64_t>({rows * vectors, rows + vectors, 8});
}

TileSplit::TileSplit(int64_t positions, int64_t mostRows)
    : tiles(llvm::divideCeil(positions, mostRows)) {
  height = llvm::divideCeil(positions, tiles);
  tall = positions - tiles * (height - 1);
}

int64_t TileSplit::startOf(int64_t tile) const {
  return tile * height - std::max<int64_t>(0, tile - tall);
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

ir::ScheduleAttr chooseSchedule(ir::KernelOp kernel, int64_t batchSize,
                                const VectorTarget &target) {
  for (Operation &op : kernel.getBlock()) {
    if (auto dot = dyn_cast<ir::DotGeneralOp>(op))
      return scheduleContraction(kernel, dot, batchSize, target);
    if (auto convolution = dyn_cast<ir::ConvolutionOp>(op))
      return scheduleConvolution(kernel, convolution, batchSize, target);
    if (auto gradient = dyn_cast<ir::FilterGradientOp>(op))
      return scheduleFilterGradient(kernel, gradient, batchSize, target);
    if (isa<ir::ReduceWindowOp, ir::ArgmaxWindowOp, ir::WindowScatterOp>(op))
      return scheduleWindow(kernel, &op, batchSize, target);
    if (auto scatter = dyn_cast<ir::ScatterOp>(op))
      return scheduleScatter(kernel, scatter, batchSize, target);
    if (isa<ir::ReduceOp, ir::ArgmaxOp>(op))
      return scheduleReduction(kernel, &op, batchSize, target);
  }
  return scheduleMap(kernel, batchSize, target);
}

} // namespace lamina::passes
