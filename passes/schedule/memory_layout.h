#pragma once

#include <optional>

#include "ir/dialect.h"

/// How the elements of a kernel's operands and results are ordered in memory: what schedules and
/// the code that obeys them both ask.
namespace lamina::passes {

/// Elements of a panel: 64 bytes, a cache line and the widest vector. The same for every
/// instruction set, so that a state does not depend on it.
int64_t panelWidth(mlir::Type element);

/// A tensor of which a full batch is laid out: row-major, or in panels of one dimension.
struct MemoryLayout {
  mlir::RankedTensorType type;
  llvm::SmallVector<int64_t> strides; ///< elements; unused when packed
  ir::PackedAttr packed;

  static MemoryLayout make(mlir::RankedTensorType type, ir::PackedAttr packed, int64_t batchSize);
  /// Whether strides depend on the batch size: rows are not the first dimension.
  static bool stridesReadBatchSize(mlir::RankedTensorType type);

  /// Whether the elements of a line are side by side, not those of a group of lines.
  bool keepsLines() const { return !packed || packed.getGroup() == 1; }
  /// Elements from one index of a dimension to the next; nothing where that is no constant.
  std::optional<int64_t> strideOf(int64_t dimension) const;
  /// Elements from one step to the next of dimensions that count as one, row-major; nothing where
  /// that is no constant. 0 without dimensions.
  std::optional<int64_t> strideOfMerged(llvm::ArrayRef<int64_t> dimensions) const;
};

/// The memory behind `operand` of a kernel's anchor, read through a reshape if there is one;
/// nothing when it has to be computed.
std::optional<MemoryLayout> findOperandLayout(ir::KernelOp kernel, mlir::Value operand,
                                              int64_t batchSize);

} // namespace lamina::passes
