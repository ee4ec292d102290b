// Schedules beside the one that shapes suggest: other heights of register tiles, other extents of
// tasks. Neither moves an element's sum, so results keep their bits; which is fastest depends on
// caches and prefetchers and is found by measuring.
#include "passes/convolution_geometry.h"
#include "passes/schedule_tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// An extent of tasks that may be changed.
struct TaskExtent {
  size_t index;
  int64_t unit; ///< it is a multiple of
};

template <typename Op> Op findAnchor(ir::KernelOp kernel) {
  auto found = kernel.getBlock().getOps<Op>();
  return found.empty() ? Op() : *found.begin();
}

/// The extent that is counted in rows of register tiles, if there is one.
std::optional<size_t> rowExtent(ir::KernelOp kernel, ir::ScheduleAttr schedule) {
  switch (schedule.getFamily()) {
  case ir::KernelFamily::contraction:
    return 0;
  case ir::KernelFamily::filter_gradient: {
    auto geometry = ConvolutionGeometry::of(findAnchor<ir::FilterGradientOp>(kernel));
    return geometry.hasFewChannels() ? std::nullopt : std::optional<size_t>(0);
  }
  case ir::KernelFamily::convolution: {
    auto geometry =
        ConvolutionGeometry::of(findAnchor<ir::ConvolutionOp>(kernel), canMergeAxes(kernel));
    bool cutsLines = schedule.getTasks()[1] < geometry.lastAxis().phases().front().count;
    return cutsLines ? std::optional<size_t>(1) : std::nullopt;
  }
  default:
    return std::nullopt;
  }
}

llvm::SmallVector<TaskExtent> taskExtents(ir::KernelOp kernel, ir::ScheduleAttr schedule) {
  ArrayRef<int64_t> tile = schedule.getTile();
  int64_t lanes = schedule.getVector();
  llvm::SmallVector<TaskExtent> extents;
  if (std::optional<size_t> rows = rowExtent(kernel, schedule))
    extents.push_back({*rows, tile[0]});
  switch (schedule.getFamily()) {
  case ir::KernelFamily::winograd:
    extents.append({{0, tile[0]}, {1, tile[1] * lanes}});
    break;
  case ir::KernelFamily::winograd_gradient:
    extents.append({{0, lanes}, {1, tile[1] * lanes}});
    break;
  case ir::KernelFamily::contraction:
  case ir::KernelFamily::filter_gradient:
  case ir::KernelFamily::depthwise_gradient:
    extents.push_back({1, tile[1] * lanes});
    break;
  case ir::KernelFamily::convolution:
  case ir::KernelFamily::depthwise:
    extents.append({{0, 1}, {2, tile[1] * lanes}});
    break;
  case ir::KernelFamily::map:
    extents.push_back({0, kMapUnit});
    break;
  case ir::KernelFamily::scatter:
    extents.push_back({0, lanes});
    break;
  case ir::KernelFamily::row:
  case ir::KernelFamily::column:
  case ir::KernelFamily::window:
  case ir::KernelFamily::winograd_filter:
    extents.push_back({0, 1});
    break;
  }
  return extents;
}

/// Whether what a task keeps on its stack grows with its extents.
bool keepsBlocks(ir::ScheduleAttr schedule) {
  switch (schedule.getFamily()) {
  case ir::KernelFamily::contraction:
  case ir::KernelFamily::filter_gradient:
  case ir::KernelFamily::winograd:
  case ir::KernelFamily::winograd_gradient:
    return true;
  case ir::KernelFamily::convolution:
    return schedule.getTile()[2] != 0;
  default:
    return false;
  }
}

ir::ScheduleAttr withParts(ir::ScheduleAttr schedule, ArrayRef<int64_t> tile,
                           ArrayRef<int64_t> tasks) {
  return ir::ScheduleAttr::get(schedule.getContext(), schedule.getFamily(), schedule.getVector(),
                               tile, tasks, schedule.getCost());
}

ir::ScheduleAttr withExtent(ir::ScheduleAttr schedule, size_t index, int64_t extent) {
  auto tasks = llvm::to_vector(schedule.getTasks());
  tasks[index] = extent;
  return withParts(schedule, schedule.getTile(), tasks);
}

/// The schedule with register tiles of another height; null where they do not fit the registers.
ir::ScheduleAttr withTileRows(ir::ScheduleAttr schedule, int64_t rows,
                              std::optional<size_t> rowExtent, const VectorTarget &target) {
  auto tile = llvm::to_vector(schedule.getTile()), tasks = llvm::to_vector(schedule.getTasks());
  if (rows < 1 || !fitsRegisters({rows, tile[1]}, target))
    return nullptr;
  if (rowExtent)
    tasks[*rowExtent] = std::max<int64_t>(tasks[*rowExtent] / rows, 1) * rows;
  tile[0] = rows;
  return withParts(schedule, tile, tasks);
}

bool hasRegisterTiles(ir::KernelFamily family) {
  return family == ir::KernelFamily::contraction || family == ir::KernelFamily::convolution ||
         family == ir::KernelFamily::filter_gradient;
}

} // namespace

llvm::SmallVector<ir::ScheduleAttr> equivalentSchedules(ir::KernelOp kernel,
                                                        const VectorTarget &target) {
  ir::ScheduleAttr chosen = *kernel.getSchedule();
  llvm::SmallVector<ir::ScheduleAttr> result;
  auto add = [&](ir::ScheduleAttr schedule) {
    if (schedule && schedule != chosen && !llvm::is_contained(result, schedule))
      result.push_back(schedule);
  };
  for (const TaskExtent &extent : taskExtents(kernel, chosen)) {
    int64_t whole = chosen.getTasks()[extent.index];
    int64_t half = llvm::alignTo(llvm::divideCeil(whole, 2), extent.unit);
    if (half < whole)
      add(withExtent(chosen, extent.index, half));
    if (!keepsBlocks(chosen))
      add(withExtent(chosen, extent.index, 2 * whole));
  }
  if (hasRegisterTiles(chosen.getFamily()))
    for (int64_t change : {-1, 1, -2})
      add(withTileRows(chosen, chosen.getTile()[0] + change, rowExtent(kernel, chosen), target));
  return result;
}

} // namespace lamina::passes
