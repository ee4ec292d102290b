// Kernels without anchor: every element of the results on its own.
#include "passes/families/families.h"
#include "passes/families/map_form.h"
#include "passes/families/tools.h"
#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Lines whose vectors follow one another: as many as a panel is wide.
constexpr int64_t kLinesTogether = 16;

bool packsLast(Value value, int64_t rank) {
  ir::PackedAttr packed = layoutOf(value);
  return packed && packed.getDimension() + 1 == rank;
}

/// Where a tensor is in panels of the last dimension or stored transposed, neighbouring elements of
/// a line are far apart, those of neighbouring lines contiguous.
int64_t linesTogether(ir::KernelOp kernel) {
  ArrayRef<int64_t> shape = typeOf(kernel.getResult(0)).getShape();
  auto rank = static_cast<int64_t>(shape.size());
  auto isApart = [&](Value value) { return packsLast(value, rank); };
  bool apart =
      llvm::any_of(kernel.getInputs(), isApart) || llvm::any_of(kernel.getResults(), isApart);
  for (unsigned number = 0; number < kernel.getNumResults(); ++number)
    apart |= storesTransposed(kernel, number);
  return apart && rank > 1 && findConcatenationCuts(kernel).empty() ? kLinesTogether : 1;
}

ir::Schedule schedule(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  int64_t cost = elementwiseCycles(kernel, batchSize, target.lanes);
  int64_t elements = product(typeOf(kernel.getResult(0)).getShape(), batchSize);
  int64_t perTask = llvm::alignTo(unitsPerTask(elements, cost), kMapUnit);
  return ir::MapScheduleAttr::get(kernel.getContext(), target.lanes, perTask,
                                  isFlat(kernel) ? 1 : linesTogether(kernel), cost);
}

Schedules equivalents(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::MapScheduleAttr>(kernel);
  return otherExtents(chosen.getElements(), kMapUnit, /*mayGrow=*/true, [&](int64_t elements) {
    return ir::MapScheduleAttr::get(kernel.getContext(), chosen.getLanes(), elements,
                                    chosen.getLines(), chosen.getCost());
  });
}

LogicalResult check(ir::KernelOp kernel, int64_t) {
  auto chosen = scheduleAs<ir::MapScheduleAttr>(kernel);
  if (chosen.getElements() % chosen.getLanes() != 0)
    return kernel.emitOpError("has tasks of ")
           << chosen.getElements() << " elements, which are no whole vectors";
  if (chosen.getLines() > 1 && typeOf(kernel.getResult(0)).getRank() < 2)
    return kernel.emitOpError("has no lines to take together");
  return success();
}

} // namespace

const FamilyRules kMapFamily = {[](Operation *) { return false; },
                                /*takesFollowers=*/true,
                                /*storesTransposedCopies=*/true,   schedule, equivalents, check};

} // namespace lamina::passes
