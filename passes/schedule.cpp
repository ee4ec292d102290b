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

/// Vectors of columns that a task of a reduction goes through at once.
constexpr int64_t kLeastColumnVectors = 4, kMostColumnVectors = 64;

/// Cycles per vector of elements, from published throughputs of vector instructions.
int64_t vectorCycles(Operation *op) {
  if (isa<ir::ConstantOp, ir::BroadcastInDimOp, ir::ReshapeOp, ir::TransposeOp, ir::RowsOp>(op))
    return 0;
  if (isa<ir::PowerOp, ir::TanOp>(op))
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
  return isa<ir::DotGeneralOp, ir::ConvolutionOp, ir::FilterGradientOp, ir::WinogradConvolutionOp>(
      op);
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
  // Long blocks of columns are read in long stretches of memory.
  int64_t columns = kept.getRank() == 0 ? 1 : capacity(kept.getShape().back(), batchSize);
  int64_t blocks = llvm::divideCeil(kEnoughTasks / 2, units / columns);
  int64_t vectors = std::clamp<int64_t>(llvm::divideCeil(columns, target.lanes * blocks),
                                        kLeastColumnVectors, kMostColumnVectors);
  vectors = std::min<int64_t>(vectors, llvm::divideCeil(columns, target.lanes));
  int64_t blocksPerLine = llvm::divideCeil(columns, vectors * target.lanes);
  int64_t perTask = unitsPerTask(units / columns * blocksPerLine, cost);
  return ir::ScheduleAttr::get(kernel.getContext(), ir::KernelFamily::column, target.lanes,
                               {vectors}, {perTask}, cost);
}

ir::ScheduleAttr scheduleMap(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  int64_t cost = elementwiseCost(kernel, batchSize, target.lanes);
  int64_t elements = product(typeOf(kernel.getResult(0)).getShape(), batchSize);
  int64_t perTask = llvm::alignTo(unitsPerTask(elements, cost), kMapUnit);
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

bool fitsRegisters(Tile tile, const VectorTarget &target) {
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

ir::ScheduleAttr chooseSchedule(ir::KernelOp kernel, int64_t batchSize,
                                const VectorTarget &target) {
  for (Operation &op : kernel.getBlock()) {
    if (auto dot = dyn_cast<ir::DotGeneralOp>(op))
      return scheduleContraction(kernel, dot, batchSize, target);
    if (auto convolution = dyn_cast<ir::ConvolutionOp>(op))
      return scheduleConvolution(kernel, convolution, batchSize, target);
    if (auto convolution = dyn_cast<ir::WinogradConvolutionOp>(op))
      return scheduleWinograd(kernel, convolution, batchSize, target);
    if (auto filter = dyn_cast<ir::WinogradFilterOp>(op))
      return scheduleWinogradFilter(kernel, filter, batchSize, target);
    if (auto gradient = dyn_cast<ir::FilterGradientOp>(op); gradient && gradient.getWinograd())
      return scheduleWinogradGradient(kernel, gradient, batchSize, target);
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
