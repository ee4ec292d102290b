#pragma once

#include <cstdint>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"

namespace lamina::passes {

struct FusionGroup;

/// Which fusion groups read what others compute, directly or through operations that belong to no
/// group. Only grows: a read that later goes through a new group is kept beside the longer way.
class GroupGraph {
public:
  using Groups = llvm::SmallPtrSet<FusionGroup *, 4>;

  void addRead(FusionGroup *reader, FusionGroup *producer);
  /// Whether a group of `starts`, or one that such a group reads over any number of others, is
  /// `target`.
  bool reaches(const Groups &starts, FusionGroup *target) const;
  /// The groups that `group` reads itself.
  const Groups &readsOf(FusionGroup *group) const;

  /// Groups visited so far: the cost of planning.
  int64_t getVisits() const { return visits; }

private:
  llvm::DenseMap<FusionGroup *, Groups> reads;
  mutable int64_t visits = 0;
};

} // namespace lamina::passes
