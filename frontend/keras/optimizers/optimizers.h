#pragma once

#include "frontend/keras/optimizer.h"

/// The optimizer entries, one per Keras class.
namespace lamina::frontend::keras {

extern const OptimizerEntry sgdOptimizer, rmspropOptimizer, adamOptimizer, adamWOptimizer,
    adamaxOptimizer, nadamOptimizer, adadeltaOptimizer, adagradOptimizer, adafactorOptimizer,
    ftrlOptimizer, lionOptimizer, lambOptimizer, muonOptimizer, scheduleFreeAdamWOptimizer;

/// Those of Keras 2 (module keras.optimizers.legacy) that compute otherwise than their namesakes.
extern const OptimizerEntry legacyRMSpropOptimizer, legacyAdagradOptimizer, legacyNadamOptimizer;

/// One group of slots of the variable's shape.
SlotGroups slotsLike(const Variable &variable, std::initializer_list<const char *> names,
                     double initial = 0);

/// What optimizers after Adam share: `average` moves towards `value` by 1 - decay.
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

template <typename Meaning> std::unique_ptr<OptimizerMeaning> createOptimizer(Config &config) {
  return std::make_unique<Meaning>(config);
}

} // namespace lamina::frontend::keras
