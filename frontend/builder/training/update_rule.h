#pragma once

#include <memory>

#include "frontend/builder/tensor.h"
#include "frontend/builder/training/optimizer_settings.h"
#include "frontend/builder/variable.h"

namespace lamina::frontend::builder {

/// State of an optimizer: of one variable, or shared by all of them.
struct Slot {
  std::string name;
  std::vector<int64_t> shape;
  double initial = 0;
  ElementType type = ElementType::F32; ///< f64 where the variable, or the first one, has it
  ir::VariableRole training = ir::VariableRole::OptimizerState;
};

/// Groups of slots: a group's slots are stored interleaved by variable, one group after the other.
using SlotGroups = std::vector<std::vector<Slot>>;

/// One variable's update: what an optimizer reads and writes, all in the variable's type.
struct UpdateCall {
  const Variable &variable;
  Tensor gradient;
  Tensor old;          ///< the variable
  Tensor value;        ///< the same, weight decay applied; to be replaced by its new value
  Tensors slots;       ///< in the order of `getSlotGroups`; to be replaced by their new values
  Tensors shared;      ///< in the order of `getSharedSlots`, updated
  Tensor learningRate; ///< scalar
  Tensor step;         ///< scalar, 1 in the first update
};

/// How an optimizer updates a variable. Scalars that depend on the step alone are written once per
/// variable and merged by CSE.
class UpdateRule {
public:
  virtual ~UpdateRule() = default;
  /// The slots of one variable; every variable has the same number of groups.
  virtual SlotGroups getSlotGroups(const Variable &variable) const = 0;
  /// Scalars of the optimizer as a whole, stored after all groups.
  virtual std::vector<Slot> getSharedSlots() const { return {}; }
  /// Replaces the shared slots by their new values, before the first variable is updated.
  virtual void updateShared(Tensors & /*shared*/, Tensor /*step*/) const {}
  /// The weight decay of one variable, where the optimizer's settings say `configured`.
  virtual std::optional<double> getWeightDecay(const Variable & /*variable*/,
                                               std::optional<double> configured) const {
    return configured;
  }
  virtual void update(UpdateCall &call) const = 0;
};

std::unique_ptr<UpdateRule> createUpdateRule(const UpdateSettings &settings);

} // namespace lamina::frontend::builder
