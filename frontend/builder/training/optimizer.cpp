#include "frontend/builder/training/optimizer.h"

#include <algorithm>

#include "support/error.h"

namespace lamina::frontend::builder {
namespace {

std::string underscored(std::string path) {
  std::replace(path.begin(), path.end(), '/', '_');
  return path;
}

} // namespace

Optimizer::Optimizer(OptimizerSettings settings)
    : settings(std::move(settings)), rule(createUpdateRule(this->settings.update)) {}

const Variable *Optimizer::declare(const Slot &slot) {
  auto variable = std::make_unique<Variable>();
  variable->symbol = settings.name + "/" + slot.name;
  variable->path = fmt::format("optimizer/vars/{}", variables.size());
  variable->owner = settings.place.part;
  variable->training = slot.training;
  variable->type = slot.type;
  variable->shape = slot.shape;
  variable->initializer = ConstantInitializer{{slot.initial}};
  return variables.emplace_back(std::move(variable)).get();
}

const Variable *Optimizer::declareFor(const Trained &entry, const Slot &slot) {
  Slot named = slot;
  named.name = underscored(entry.variable().symbol) + "_" + slot.name;
  if (slot.type == ElementType::F32)
    named.type = entry.variable().type;
  return declare(named);
}

void Optimizer::declareVariables(llvm::ArrayRef<TrainableVariable> trainable) {
  iteration = declare({"iteration", {}, 0, ElementType::I64, ir::VariableRole::Iteration});
  if (!settings.schedule)
    learningRateVariable = declare({"learning_rate",
                                    {},
                                    settings.learningRate,
                                    ElementType::F32,
                                    ir::VariableRole::LearningRate});
  for (const TrainableVariable &variable : trainable)
    trained.push_back({variable});
  if (settings.movingAverage)
    for (Trained &entry : trained)
      entry.average = declareFor(entry, {"average", entry.variable().shape});
  if (settings.accumulationSteps)
    for (Trained &entry : trained)
      entry.accumulator = declareFor(entry, {"gradient_accumulator", entry.variable().shape});
  declareSlots();
}

void Optimizer::declareSlots() {
  std::vector<SlotGroups> groups;
  for (const Trained &entry : trained)
    groups.push_back(rule->getSlotGroups(entry.variable()));
  for (size_t group = 0; !groups.empty() && group < groups.front().size(); ++group)
    for (auto [entry, own] : llvm::zip_equal(trained, groups))
      for (const Slot &slot : own[group])
        entry.slots.push_back(declareFor(entry, slot));
  for (Slot slot : rule->getSharedSlots()) {
    if (!trained.empty())
      slot.type = trained.front().variable().type;
    shared.push_back(declare(slot));
  }
}

std::vector<std::pair<const Variable *, const Variable *>> Optimizer::getAverages() const {
  std::vector<std::pair<const Variable *, const Variable *>> averages;
  for (const Trained &entry : trained)
    if (entry.average)
      averages.push_back({&entry.variable(), entry.average});
  return averages;
}

} // namespace lamina::frontend::builder
