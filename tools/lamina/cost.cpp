#include "tools/lamina/cost.h"

#include "ir/module.h"
#include "passes/schedule/cost.h"

using namespace mlir;

namespace lamina::tools {

double countFlops(Operation *operation, int64_t batchSize) {
  auto cost = dyn_cast<ir::CostInterface>(operation);
  return cost ? cost.getFlops(batchSize) : 0;
}

double countFlopsWithin(Operation *region) {
  int64_t batchSize = ir::getBatchSize(region->getParentOfType<ModuleOp>());
  double flops = 0;
  region->walk([&](Operation *operation) { flops += countFlops(operation, batchSize); });
  return flops;
}

int64_t countBytes(ir::KernelOp kernel) {
  int64_t batchSize = ir::getBatchSize(kernel->getParentOfType<ModuleOp>());
  return passes::countMovedBytes(kernel, batchSize);
}

} // namespace lamina::tools
