// Scatters, the gradients of lookups: tasks share out the columns of the slices.
#include "passes/families/families.h"
#include "passes/families/tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

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

} // namespace

const FamilyRules kScatterFamily = {[](Operation *op) { return isa<ir::ScatterOp>(op); },
                                    /*takesFollowers=*/false,
                                    /*storesTransposedCopies=*/false,
                                    scheduleScatter,
                                    equivalentScatters,
                                    acceptAny};

} // namespace lamina::passes
