#pragma once

#include "passes/schedule/schedule.h"

/// What the passes know of each kernel family: one row of rules per value of ir::KernelFamily. What
/// is decided by family is asked here, and nowhere by listing families or operations.
/// docs/adding-a-kernel-family.md says what a new one takes.
namespace lamina::passes {

struct FamilyRules {
  /// Whether kernels that are made around `anchor` are of the family; never for the family of
  /// kernels without anchor.
  bool (*matches)(mlir::Operation *anchor);
  /// Whether operations behind the anchor join its kernel. Not where results pass through memory
  /// while they are summed up, or are stored in another order.
  bool takesFollowers;
  /// Whether a transposed copy of a result is stored together with it.
  bool storesTransposedCopies;
  /// The schedule of a kernel, a function of its body, the capacity and the target alone.
  ir::Schedule (*schedule)(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target);
  /// Other schedules for a kernel that has one, with the same bits as result.
  Schedules (*equivalents)(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target);
  /// Whether the kernel's schedule fits its body; emits an error where it does not.
  mlir::LogicalResult (*check)(ir::KernelOp kernel, int64_t batchSize);
  /// Whether the code of a scheduled kernel depends on the batch size besides the strides of its
  /// tensors; null: never.
  bool (*readsBatchSize)(ir::KernelOp kernel) = nullptr;
  /// Whether a kernel sums up the lines of the images that it makes, while they are in the cache.
  bool sumsLines = false;
};

/// The check of families whose schedules fit all their kernels.
mlir::LogicalResult acceptAny(ir::KernelOp kernel, int64_t batchSize);

/// The rules of a family.
const FamilyRules &rulesOf(ir::KernelFamily family);

/// The family of the kernel that is made around `op`; `map` where it is no anchor.
ir::KernelFamily familyOf(mlir::Operation *op);

/// Operations that a kernel is made around.
bool isAnchor(mlir::Operation *op);
/// Reductions by stages: those of one need results of the ones before.
using Stages = llvm::SmallVector<llvm::SmallVector<mlir::Operation *, 2>, 2>;
/// The reductions of a kernel, each in the first stage in which it can be computed.
Stages anchorsByStage(ir::KernelOp kernel);
/// The first anchor of a kernel, null where it has none.
mlir::Operation *anchorOf(ir::KernelOp kernel);
/// The anchor of a kernel whose family has anchors of this operation alone.
template <typename Op> Op anchorAs(ir::KernelOp kernel) {
  return llvm::cast<Op>(anchorOf(kernel));
}

/// Whether the code of a scheduled kernel depends on the batch size. Otherwise rows are a number
/// that is known when it runs alone, and one code serves all batch sizes that have the same
/// schedule.
bool readsBatchSize(ir::KernelOp kernel);

/// The schedule of a kernel of that family.
template <typename Schedule> Schedule scheduleAs(ir::KernelOp kernel) {
  return llvm::cast<Schedule>(*kernel.getSchedule());
}

#define LAMINA_KERNEL_FAMILY(family, Name) extern const FamilyRules k##Name##Family;
#include "passes/families/families.def"

} // namespace lamina::passes
