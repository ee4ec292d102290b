#include "passes/fusion/group_graph.h"

namespace lamina::passes {

void GroupGraph::addRead(FusionGroup *reader, FusionGroup *producer) {
  if (reader != producer)
    reads[reader].insert(producer);
}

const GroupGraph::Groups &GroupGraph::readsOf(FusionGroup *group) const {
  static const Groups none;
  auto found = reads.find(group);
  return found == reads.end() ? none : found->second;
}

bool GroupGraph::reaches(const Groups &starts, FusionGroup *target) const {
  llvm::SmallPtrSet<FusionGroup *, 32> seen(starts.begin(), starts.end());
  llvm::SmallVector<FusionGroup *> work(starts.begin(), starts.end());
  while (!work.empty()) {
    FusionGroup *group = work.pop_back_val();
    ++visits;
    if (group == target)
      return true;
    for (FusionGroup *producer : readsOf(group))
      if (seen.insert(producer).second)
        work.push_back(producer);
  }
  return false;
}

} // namespace lamina::passes
