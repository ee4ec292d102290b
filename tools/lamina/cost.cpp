#include "tools/lamina/cost.h"

#include <fmt/format.h>

#include "ir/module.h"
#include "passes/memory/waves.h"
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

Recomputation countRecomputed(func::FuncOp function) {
  Recomputation again;
  double flops = 0, bytes = 0;
  function.walk([&](ir::KernelOp kernel) {
    bool isAgain = kernel->hasAttr(passes::kRecomputedAttr);
    again.kernels += isAgain;
    (isAgain ? again.flops : flops) += countFlopsWithin(kernel);
    (isAgain ? again.bytes : bytes) += countBytes(kernel);
  });
  again.flops = flops > 0 ? again.flops / flops : 0;
  again.bytes = bytes > 0 ? again.bytes / bytes : 0;
  return again;
}

std::string describe(const Recomputation &recomputation) {
  if (recomputation.kernels == 0)
    return "";
  return fmt::format("{} kernels run twice: {:.1f} % more FLOPs, {:.1f} % more bytes",
                     recomputation.kernels, 100 * recomputation.flops, 100 * recomputation.bytes);
}

} // namespace lamina::tools
