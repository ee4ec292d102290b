#include "codegen/batch_size.h"

#include "passes/families/families.h"
#include "passes/schedule/memory_layout.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {

BatchSize::BatchSize(ir::KernelOp kernel, int64_t batchSize) {
  if (passes::readsBatchSize(kernel))
    value = batchSize;
}

int64_t BatchSize::get() const {
  if (!value)
    fail(
        "code generation failed: a kernel's code depends on the batch size, but its family's rules "
        "do not say so");
  return *value;
}

int64_t BatchSize::forStridesOf(RankedTensorType type) const {
  return passes::MemoryLayout::stridesReadBatchSize(type) ? get() : 1;
}

} // namespace lamina::codegen
