#pragma once

#include <optional>

#include "ir/dialect.h"

namespace lamina::codegen {

/// The batch size as far as a kernel's code depends on it (passes::readsBatchSize). To most kernels
/// rows are but a number that is known when they run, and their code serves every batch size.
class BatchSize {
public:
  BatchSize(ir::KernelOp kernel, int64_t batchSize);

  /// Throws UserError where the code must not depend on it: an emitter that reads what the kernel's
  /// key does not have would give other kernels its code.
  int64_t get() const;
  /// For strides of a tensor: 1 where they do not depend on it.
  int64_t forStridesOf(mlir::RankedTensorType type) const;
  bool isRead() const { return value.has_value(); }

private:
  std::optional<int64_t> value;
};

} // namespace lamina::codegen
