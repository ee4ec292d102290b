#pragma once

#include "ir/dialect.h"
#include "passes/fusion/group_graph.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

/// Grouping of tensor operations into kernels: which operations share a loop nest. `fuse.cpp` turns
/// the groups into `lamina.kernel` operations.
namespace lamina::passes {

/// Operations that run in one loop nest over `outer` x `inner`, or a loop, alone.
struct FusionGroup {
  /// None for a loop, which is no kernel.
  std::optional<ir::KernelFamily> family;
  size_t number = 0; ///< in the order of creation
  /// Members in block order. Operations that are cloned into their consumers are not listed.
  llvm::SmallVector<mlir::Operation *> members;
  /// Row: the dimensions before the reduced ones. Others: the whole iteration space.
  llvm::SmallVector<int64_t> outer;
  /// Row: the reduced, trailing dimensions. Others: empty.
  llvm::SmallVector<int64_t> inner;
  /// Whether a reduction of the same elements needs the result of another one: they are gone
  /// through twice then, and not once more.
  bool isStaged = false;
};

/// How a value relates to the members of a group when only operations of no group are between them.
/// `summed`: through sums of the lines that a group makes, which are known when a line is whole.
enum class Reach { none, aligned, summed, misaligned };

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

  /// Operations and groups that planning looked at: its cost, free of noise.
  int64_t getVisits() const { return visits + graph.getVisits(); }

private:
  using Reaches = llvm::SmallMapVector<FusionGroup *, Reach, 4>;
  using Candidates = llvm::SmallSetVector<FusionGroup *, 4>;

  void addAnchors(mlir::Block &block, bool fuse);
  Reaches operandReaches(mlir::Operation *op);
  Candidates findGroups(mlir::Operation *op, const Reaches &reaches);
  void addSiblings(ir::ReduceOp reduce, const Reaches &reaches, Candidates &candidates);
  llvm::SmallVector<mlir::Value> sourcesOf(ir::ReduceOp reduce);
  bool dependsOn(const Reaches &reaches, FusionGroup *target, bool throughClones) const;
  void addMember(mlir::Operation *op, FusionGroup &group);
  FusionGroup &createGroup(mlir::Operation *op);

  void materialize(mlir::Block &block, bool fuse);
  void materializeOne(mlir::Operation *op, bool fuse);
  bool canPrepend(mlir::Operation *op, const Reaches &reaches, FusionGroup *group,
                  const Candidates &consumers) const;
  bool isLong(mlir::Operation *op) const;
  bool isComputedByReaders(mlir::Operation *op, size_t readers) const;
  bool repeatsExpensiveWork(mlir::Operation *op) const;
  Candidates collectConsumers(mlir::Operation *op) const;

  void order();
  Candidates collectProducers(FusionGroup *group) const;

  std::vector<std::unique_ptr<FusionGroup>> groups;
  llvm::SmallVector<FusionGroup *> schedule;
  llvm::DenseMap<mlir::Operation *, FusionGroup *> owner;
  /// The groups that operations of no group read, and how their results relate to them.
  llvm::DenseMap<mlir::Operation *, Reaches> floating;
  /// The groups that compute such operations themselves.
  llvm::DenseMap<mlir::Operation *, Candidates> cloners;
  GroupGraph graph;
  /// Column groups by the values that their first reduction's elements are computed from.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<FusionGroup *>> columnsBySource;
  /// The same by the groups that compute such values.
  llvm::DenseMap<FusionGroup *, llvm::SmallVector<FusionGroup *>> columnsByMaker;
  /// Whether a map group's results are computed again by a consumer.
  mutable llvm::DenseMap<std::pair<FusionGroup *, FusionGroup *>, bool> clonedBy;
  mutable int64_t visits = 0;
};

} // namespace lamina::passes
