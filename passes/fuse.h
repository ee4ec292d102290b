#pragma once

#include "ir/dialect.h"

/// Grouping of tensor operations into kernels: which operations share a loop nest. `fuse.cpp` turns
/// the groups into `lamina.kernel` operations.
namespace lamina::passes {

/// Operations that a kernel is made around: contractions, convolutions, reductions, windows and
/// scatters. All others are computed where they are needed, or get kernels of their own.
bool isAnchor(mlir::Operation *op);

/// Operations that run in one loop nest over `outer` x `inner`.
struct FusionGroup {
  ir::KernelFamily family = ir::KernelFamily::map;
  /// Members in block order. Operations that are cloned into their consumers are not listed.
  llvm::SmallVector<mlir::Operation *> members;
  /// Row: the dimensions before the reduced ones. Others: the whole iteration space.
  llvm::SmallVector<int64_t> outer;
  /// Row: the reduced, trailing dimensions. Others: empty.
  llvm::SmallVector<int64_t> inner;
};

/// Which group each operation of a block belongs to.
class FusionPlan {
public:
  /// Plans for the operations of `block`, or with `fuse` off one kernel per anchor and elementwise
  /// operation.
  static FusionPlan make(mlir::Block &block, bool fuse);

  /// Groups in an order in which they can run.
  llvm::ArrayRef<FusionGroup *> getSchedule() const { return schedule; }
  /// The group that computes `op`, null for operations that are only cloned into consumers.
  FusionGroup *groupOf(mlir::Operation *op) const { return owner.lookup(op); }
  /// Whether `consumer` reads `op`'s results from memory rather than computing them itself.
  bool isReadFromMemory(mlir::Operation *op, FusionGroup *consumer) const;

private:
  void addAnchors(mlir::Block &block, bool fuse);
  bool tryMerge(mlir::Operation *op, FusionGroup &group);
  void addMember(mlir::Operation *op, FusionGroup &group);
  void materialize(mlir::Block &block, bool fuse);
  void materializeOne(mlir::Operation *op, bool fuse);
  void order();
  FusionGroup &createGroup(mlir::Operation *op);
  bool isLong(mlir::Operation *op) const;
  bool repeatsExpensiveWork(mlir::Operation *op) const;
  bool dependsOn(mlir::Operation *op, FusionGroup *target, bool throughClones) const;
  void collectConsumers(mlir::Operation *op, llvm::SmallPtrSetImpl<FusionGroup *> &groups) const;

  std::vector<std::unique_ptr<FusionGroup>> groups;
  llvm::SmallVector<FusionGroup *> schedule;
  llvm::DenseMap<mlir::Operation *, FusionGroup *> owner;
};

} // namespace lamina::passes
