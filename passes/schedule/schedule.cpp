// The schedule of every kernel, by the rules of its family.
#include "passes/schedule/schedule.h"

#include "ir/module.h"
#include "mlir/Pass/Pass.h"
#include "passes/families/families.h"
#include "passes/passes.h"

using namespace mlir;

namespace lamina::passes {
#define GEN_PASS_DEF_SCHEDULE
#include "passes/passes.h.inc"

namespace {

struct SchedulePass : impl::ScheduleBase<SchedulePass> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    int64_t batchSize = ir::getBatchSize(function->getParentOfType<ModuleOp>());
    function.walk([&](ir::KernelOp kernel) {
      kernel.setScheduleAttr(chooseSchedule(kernel, batchSize, {lanes, registers}));
    });
  }
};

/// Whether a value of the kernel is in double precision.
bool hasDoubles(ir::KernelOp kernel) {
  auto isDouble = [](Type type) { return getElementTypeOrSelf(type).isF64(); };
  return llvm::any_of(kernel.getBlock().getArgumentTypes(), isDouble) ||
         llvm::any_of(kernel.getBlock(),
                      [&](Operation &op) { return llvm::any_of(op.getResultTypes(), isDouble); });
}

} // namespace

VectorTarget VectorTarget::of(ir::KernelOp kernel) const {
  return {hasDoubles(kernel) ? lanes / 2 : lanes, registers};
}

ir::Schedule chooseSchedule(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  return rulesOf(kernel.getFamily()).schedule(kernel, batchSize, target.of(kernel));
}

Schedules equivalentSchedules(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  Schedules all = rulesOf(kernel.getFamily()).equivalents(kernel, batchSize, target.of(kernel));
  Schedules different;
  for (ir::Schedule schedule : all)
    if (schedule != *kernel.getSchedule() && !llvm::is_contained(different, schedule))
      different.push_back(schedule);
  return different;
}

} // namespace lamina::passes
