#include "frontend/keras/training/traced/optimizer.h"

#include <numeric>

#include "frontend/builder/training/update_rule.h"
#include "frontend/keras/layers/traced_variable.h"
#include "frontend/keras/training/traced/program.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::frontend::keras {

namespace {

/// Gradient, value, learning rate, number of updates.
constexpr size_t kInputsBeforeSlots = 4;

/// The update of variables of one shape.
struct TracedUpdate {
  std::vector<int64_t> shape;
  std::vector<std::vector<int64_t>> slots;
  TracedProgram program;
};

class TracedRule : public UpdateRule {
public:
  TracedRule(Place place, std::vector<size_t> groups, std::vector<TracedUpdate> updates)
      : place(std::move(place)), groups(std::move(groups)), updates(std::move(updates)) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    const TracedUpdate &update = find(variable);
    SlotGroups result;
    size_t next = 0;
    for (size_t count : groups) {
      std::vector<Slot> &group = result.emplace_back();
      for (size_t i = 0; i < count; ++i, ++next)
        group.push_back({fmt::format("slot_{}", next), update.slots[next]});
    }
    return result;
  }

  void update(UpdateCall &call) const override {
    Tensors inputs = {call.gradient, call.value, call.learningRate, call.step - 1.0};
    llvm::append_range(inputs, call.slots);
    Tensors results = find(call.variable).program.run(inputs);
    if (results.size() != 1 + call.slots.size())
      place.fail(fmt::format("its program gives {} tensors, not the value and {} slots",
                             results.size(), call.slots.size()));
    replace(call.value, results[0]);
    for (auto [slot, result] : llvm::zip(call.slots, llvm::drop_begin(results)))
      replace(slot, result);
  }

private:
  const TracedUpdate &find(const Variable &variable) const {
    for (const TracedUpdate &update : updates)
      if (update.shape == variable.shape)
        return update;
    place.fail(fmt::format("has no program for {} of shape {}", variable.owner,
                           describeShape(ArrayRef<int64_t>(variable.shape))));
  }

  void replace(Tensor &old, Tensor value) const {
    if (value.shape() != old.shape())
      place.fail(fmt::format("its program gives a tensor of shape {} the shape {}",
                             describeShape(old.shape()), describeShape(value.shape())));
    old = value.convert(old.elementType());
  }

  Place place;
  std::vector<size_t> groups;
  std::vector<TracedUpdate> updates;
};

std::vector<size_t> readGroups(Config &config) {
  std::vector<size_t> groups;
  const nlohmann::json &value = config.raw("groups");
  if (!value.is_array())
    config.fail("'groups' is not a list");
  for (const nlohmann::json &count : value) {
    if (!count.is_number_integer() || count < 1 || count > 64)
      config.fail(fmt::format("'groups' holds {}, which is no number from 1 to 64",
                              printable(count.dump(), 60)));
    groups.push_back(count.get<size_t>());
  }
  return groups;
}

TracedUpdate readUpdate(const Place &place, const nlohmann::json &object, size_t slotCount) {
  Config config(object, place);
  std::vector<std::vector<int64_t>> slots;
  const nlohmann::json &shapes = config.raw("slots");
  if (!shapes.is_array() || shapes.size() != slotCount)
    config.fail(fmt::format("'slots' does not have the {} shapes of 'groups'", slotCount));
  for (const nlohmann::json &shape : shapes) {
    nlohmann::json member = {{"shape", shape}};
    Config slot(member, place);
    slots.push_back(readExtents(slot, "shape", std::nullopt));
  }
  size_t inputs = kInputsBeforeSlots + slotCount;
  TracedUpdate update{readExtents(config, "shape", std::nullopt), std::move(slots),
                      TracedProgram(config, "program", inputs, inputs)};
  config.finish("Optimizer");
  return update;
}

UpdateSettings readTracedUpdate(Config &config) {
  std::vector<size_t> groups = readGroups(config);
  size_t slotCount = std::accumulate(groups.begin(), groups.end(), size_t(0));
  std::vector<TracedUpdate> updates;
  const nlohmann::json &programs = config.raw("programs");
  if (!programs.is_array())
    config.fail("'programs' is not a list");
  for (const nlohmann::json &object : programs)
    updates.push_back(readUpdate(config.where(), object, slotCount));
  TracedRule rule(config.where(), std::move(groups), std::move(updates));
  return OtherSettings{[rule = std::move(rule)] { return std::make_unique<TracedRule>(rule); }};
}

} // namespace

const OptimizerEntry &tracedOptimizerEntry() {
  static const OptimizerEntry entry = {
      {kTracedOptimizerClass, "optimizer"}, 0.001, nlohmann::json::object(), readTracedUpdate};
  return entry;
}

} // namespace lamina::frontend::keras
