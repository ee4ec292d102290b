#pragma once

#include "frontend/builder/tensor.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

/// The penalty of a serialized regularizer (keras/src/regularizers/regularizers.py) on x, a scalar.
Tensor regularize(const Place &place, const nlohmann::json &regularizer, Tensor x);

/// A weight after a serialized constraint (keras/src/constraints/constraints.py).
Tensor constrain(const Place &place, const nlohmann::json &constraint, Tensor weight);

} // namespace lamina::frontend::keras
