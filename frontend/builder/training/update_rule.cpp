#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {

std::unique_ptr<UpdateRule> createUpdateRule(const UpdateSettings &settings) {
  return std::visit([](const auto &kind) { return createRule(kind); }, settings);
}

SlotGroups slotsLike(const Variable &variable, std::initializer_list<const char *> names,
                     double initial) {
  std::vector<Slot> group;
  for (const char *name : names)
    group.push_back({name, variable.shape, initial});
  return {group};
}

} // namespace lamina::frontend::builder
