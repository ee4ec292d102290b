#include "tools/lamina/cost.h"

#include "ir/module.h"
#include "passes/schedule/cost.h"

using namespace mlir;

namespace lamina::tools {

namespace {

/// How often loops run the operation.
double countRuns(Operation *operation) {
  double runs = 1;
  while (auto loop = operation->getParentOfType<ir::ScanOp>()) {
    runs *= static_cast<double>(loop.getTrips());
    operation = loop;
  }
  return runs;
}

} // namespace

double countFlops(Operation *operation, int64_t batchSize) {
  auto cost = dyn_cast<ir::CostInterface>(operation);
  return cost ? cost.getFlops(batchSize) * countRuns(operation) : 0;
}

double countFlopsWithin(Operation *region) {
  int64_t batchSize = ir::getBatchSize(region->getParentOfType<ModuleOp>());
  double flops = 0;
  region->walk([&](Operation *operation) { flops += countFlops(operation, batchSize); });
  return flops;
}

double countBytes(ir::KernelOp kernel) {
  int64_t batchSize = ir::getBatchSize(kernel->getParentOfType<ModuleOp>());
  return static_cast<double>(passes::countMovedBytes(kernel, batchSize)) * countRuns(kernel);
}

} // namespace lamina::tools
