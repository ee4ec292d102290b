#include "passes/families/families.h"

#include "passes/schedule/memory_layout.h"

using namespace mlir;

namespace lamina::passes {

LogicalResult acceptAny(ir::KernelOp, int64_t) {
  return success();
}

// A family without a row in families.def does not compile.
const FamilyRules &rulesOf(ir::KernelFamily family) {
  switch (family) {
#define LAMINA_KERNEL_FAMILY(family, Name)                                                         \
  case ir::KernelFamily::family:                                                                   \
    return k##Name##Family;
#include "passes/families/families.def"
  }
  llvm_unreachable("all families are listed");
}

bool isAnchor(Operation *op) {
  return isa<ir::AnchorInterface>(op);
}

ir::KernelFamily familyOf(Operation *op) {
  if (!isAnchor(op))
    return ir::KernelFamily::map;
  for (uint32_t value = 0; value <= ir::getMaxEnumValForKernelFamily(); ++value)
    if (auto family = ir::symbolizeKernelFamily(value); family && rulesOf(*family).matches(op))
      return *family;
  llvm::report_fatal_error("no kernel family for the anchor " + op->getName().getStringRef());
}

Operation *anchorOf(ir::KernelOp kernel) {
  auto anchor = llvm::find_if(kernel.getBlock(), [](Operation &op) { return isAnchor(&op); });
  return anchor == kernel.getBlock().end() ? nullptr : &*anchor;
}

Stages anchorsByStage(ir::KernelOp kernel) {
  Stages stages;
  llvm::DenseMap<Operation *, size_t> known; // the stage from which on a value is known
  for (Operation &op : kernel.getBlock().without_terminator()) {
    size_t &stage = known[&op];
    for (Value operand : op.getOperands())
      if (Operation *producer = operand.getDefiningOp())
        stage = std::max(stage, known.lookup(producer));
    if (!isa<ir::ReduceOp, ir::ArgmaxOp>(op))
      continue;
    stages.resize(std::max(stages.size(), stage + 1));
    stages[stage++].push_back(&op);
  }
  return stages;
}

bool readsBatchSize(ir::KernelOp kernel) {
  auto isRead = [](Value value) {
    return MemoryLayout::stridesReadBatchSize(cast<RankedTensorType>(value.getType()));
  };
  auto family = rulesOf(kernel.getFamily()).readsBatchSize;
  return (family && family(kernel)) || llvm::any_of(kernel.getBlock().getArguments(), isRead) ||
         llvm::any_of(kernel.getBlock(),
                      [&](Operation &op) { return llvm::any_of(op.getResults(), isRead); });
}

LogicalResult checkSchedule(ir::KernelOp kernel, int64_t batchSize) {
  if (!kernel.getSchedule())
    return kernel.emitOpError("has no schedule");
  Operation *anchor = anchorOf(kernel);
  ir::KernelFamily family = anchor ? familyOf(anchor) : ir::KernelFamily::map;
  if (family != kernel.getFamily())
    return kernel.emitOpError("is of the family ")
           << ir::stringifyKernelFamily(kernel.getFamily()) << ", but its anchor makes it one of "
           << ir::stringifyKernelFamily(family);
  return rulesOf(family).check(kernel, batchSize);
}

} // namespace lamina::passes
