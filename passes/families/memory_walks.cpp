// Windows and scatters: their results are collected element by element.
#include "passes/families/families.h"
#include "passes/families/tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

//===--- Windows ------------------------------------------------------------------------------===//

ir::Schedule scheduleWindow(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  RankedTensorType type = typeOf(anchorOf(kernel)->getResult(0));
  int64_t cost = elementwiseCycles(kernel, batchSize, target.lanes);
  int64_t channels = type.getShape().back();
  int64_t units = product(type.getShape().drop_back(), batchSize);
  int64_t vectors = std::clamp<int64_t>(channels / target.lanes, 1, 4);
  return ir::WindowScheduleAttr::get(kernel.getContext(), target.lanes, vectors,
                                     unitsPerTask(units, cost), cost);
}

Schedules equivalentWindows(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::WindowScheduleAttr>(kernel);
  return otherExtents(chosen.getPixels(), 1, /*mayGrow=*/true, [&](int64_t pixels) {
    return ir::WindowScheduleAttr::get(kernel.getContext(), chosen.getLanes(), chosen.getVectors(),
                                       pixels, chosen.getCost());
  });
}

//===--- Scatters -----------------------------------------------------------------------------===//

ir::Schedule scheduleScatter(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::ScatterOp>(kernel);
  int64_t cost = elementwiseCycles(kernel, batchSize, target.lanes);
  int64_t columns = product(op.getType().getShape().drop_front(op.getDimension() + 1), batchSize);
  int64_t perTask = unitsPerTask(llvm::divideCeil(columns, target.lanes), cost) * target.lanes;
  return ir::ScatterScheduleAttr::get(kernel.getContext(), target.lanes, perTask, cost);
}

Schedules equivalentScatters(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::ScatterScheduleAttr>(kernel);
  return otherExtents(chosen.getColumns(), chosen.getLanes(), /*mayGrow=*/true,
                      [&](int64_t columns) {
                        return ir::ScatterScheduleAttr::get(kernel.getContext(), chosen.getLanes(),
                                                            columns, chosen.getCost());
                      });
}

LogicalResult acceptAny(ir::KernelOp, int64_t) {
  return success();
}

} // namespace

const FamilyRules kWindowFamily = {
    [](Operation *op) {
      return isa<ir::ReduceWindowOp, ir::ArgmaxWindowOp, ir::WindowScatterOp>(op);
    },
    /*takesFollowers=*/true,
    /*storesTransposedCopies=*/true,
    scheduleWindow,
    equivalentWindows,
    acceptAny};
const FamilyRules kScatterFamily = {[](Operation *op) { return isa<ir::ScatterOp>(op); },
                                    /*takesFollowers=*/false,
                                    /*storesTransposedCopies=*/false,
                                    scheduleScatter,
                                    equivalentScatters,
                                    acceptAny};

} // namespace lamina::passes
