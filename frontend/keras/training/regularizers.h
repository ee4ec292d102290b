#pragma once

#include "frontend/builder/training/constraint.h"
#include "frontend/builder/training/regularizer.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

/// A serialized regularizer (keras/src/regularizers/regularizers.py).
Regularizer readRegularizer(const Place &place, const nlohmann::json &regularizer);

/// Nothing for null.
std::optional<Regularizer> readOptionalRegularizer(const Place &place,
                                                   const nlohmann::json &regularizer);

/// The regularizer of what a layer computes; nothing when it has none.
std::optional<Regularizer> readActivityRegularizer(const Place &place, const ObjectConfig &layer);

/// A serialized constraint (keras/src/constraints/constraints.py).
Constraint readConstraint(const Place &place, const nlohmann::json &constraint);

} // namespace lamina::frontend::keras
