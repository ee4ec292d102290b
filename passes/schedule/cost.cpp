#include "passes/schedule/cost.h"

#include "ir/module.h"
#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// Cycles of a vector from which on computing it again costs more than loading it.
constexpr int64_t kExpensiveCycles = 5;

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Elements that an operation goes through: those of its first operand, or of its result where they
/// are more.
int64_t elementsOf(Operation *op, int64_t batchSize) {
  int64_t result = ir::getCapacityElements(typeOf(op->getResult(0)), batchSize);
  if (op->getNumOperands() == 0)
    return result;
  return std::max(result, ir::getCapacityElements(typeOf(op->getOperand(0)), batchSize));
}

} // namespace

Cost Cost::of(ArrayRef<Operation *> body, ValueRange inputs, ValueRange outputs, int64_t batchSize,
              int64_t lanes) {
  Cost cost;
  for (Operation *op : body) {
    auto own = dyn_cast<ir::CostInterface>(op);
    if (!own)
      continue;
    double multiplyAdds = own.getMultiplyAdds(batchSize);
    cost.multiplyAdds += multiplyAdds;
    cost.flops += own.getFlops(batchSize);
    cost.arithmeticCycles += static_cast<int64_t>(own.getTransformCycles(batchSize, lanes));
    if (multiplyAdds == 0)
      cost.arithmeticCycles +=
          own.getVectorCycles() *
          static_cast<int64_t>(llvm::divideCeil(elementsOf(op, batchSize), lanes));
  }
  for (ValueRange values : {inputs, outputs})
    for (Value value : values)
      cost.memoryCycles += static_cast<int64_t>(
          llvm::divideCeil(ir::getCapacityElements(typeOf(value), batchSize), lanes));
  return cost;
}

Cost costOf(ir::KernelOp kernel, int64_t batchSize, int64_t lanes) {
  llvm::SmallVector<Operation *> body;
  for (Operation &op : kernel.getBlock().without_terminator())
    body.push_back(&op);
  return Cost::of(body, kernel.getInputs(), kernel.getResults(), batchSize, lanes);
}

int64_t countBytes(ValueRange values, int64_t batchSize) {
  int64_t bytes = 0;
  for (Value value : values)
    bytes += getBufferBytes(typeOf(value), batchSize, layoutOf(value));
  return bytes;
}

int64_t countMovedBytes(ir::KernelOp kernel, int64_t batchSize) {
  return countBytes(kernel.getInputs(), batchSize) + countBytes(kernel.getResults(), batchSize);
}

bool isExpensive(Operation *op) {
  auto cost = dyn_cast<ir::CostInterface>(op);
  return cost && cost.getVectorCycles() >= kExpensiveCycles;
}

} // namespace lamina::passes
