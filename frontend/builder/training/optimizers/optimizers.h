#pragma once

#include "frontend/builder/training/update_rule.h"

/// The update rules, one for each kind of settings, and what they share.
namespace lamina::frontend::builder {

std::unique_ptr<UpdateRule> createRule(const SgdSettings &settings);
std::unique_ptr<UpdateRule> createRule(const RmspropSettings &settings);
std::unique_ptr<UpdateRule> createRule(const AdamSettings &settings);
std::unique_ptr<UpdateRule> createRule(const AdamaxSettings &settings);
std::unique_ptr<UpdateRule> createRule(const NadamSettings &settings);
std::unique_ptr<UpdateRule> createRule(const AdadeltaSettings &settings);
std::unique_ptr<UpdateRule> createRule(const AdagradSettings &settings);
std::unique_ptr<UpdateRule> createRule(const AdafactorSettings &settings);
std::unique_ptr<UpdateRule> createRule(const FtrlSettings &settings);
std::unique_ptr<UpdateRule> createRule(const LionSettings &settings);
std::unique_ptr<UpdateRule> createRule(const LambSettings &settings);
std::unique_ptr<UpdateRule> createRule(const MuonSettings &settings);
std::unique_ptr<UpdateRule> createRule(const ScheduleFreeAdamWSettings &settings);
inline std::unique_ptr<UpdateRule> createRule(const OtherSettings &settings) {
  return settings.create();
}

/// One group of slots of the variable's shape.
SlotGroups slotsLike(const Variable &variable, std::initializer_list<const char *> names,
                     double initial = 0);

/// The moving average of Adam's successors: `average` moves towards `value` by 1 - decay.
inline Tensor moveTowards(Tensor average, Tensor value, double decay) {
  return average + (value - average) * (1 - decay);
}

/// A coefficient that Keras makes an f32 tensor of, and casts to the variables' type (of f64 too),
/// before it takes it from 1: 1 - 0.999 is 1.3e-5 off then.
inline double castCoefficient(double coefficient) {
  return static_cast<float>(coefficient);
}

/// base^step, a scalar, with the base as a tensor of Keras.
inline Tensor powerOf(double base, Tensor step) {
  return power(step.like(castCoefficient(base)), step);
}

} // namespace lamina::frontend::builder
