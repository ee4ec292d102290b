#pragma once

#include <functional>
#include <variant>
#include <vector>

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"

/// Projections of weights, which optimizers apply to new values.
namespace lamina::frontend::builder {

/// max(w, 0).
struct NonNegativeConstraint {};

/// Norms are sqrt(sum(w^2)) over `axes`, which may count from the end.
struct UnitNormConstraint {
  std::vector<int64_t> axes = {0};
};

struct MaxNormConstraint {
  double maximum = 2;
  std::vector<int64_t> axes = {0};
};

/// Moves norms towards [minimum, maximum] by the share `rate` of what is missing.
struct MinMaxNormConstraint {
  double minimum = 0, maximum = 1, rate = 1;
  std::vector<int64_t> axes = {0};
};

/// A projection that an importer brings along.
struct OtherConstraint {
  std::function<Tensor(Tensor)> project;
};

using Constraint = std::variant<NonNegativeConstraint, UnitNormConstraint, MaxNormConstraint,
                                MinMaxNormConstraint, OtherConstraint>;

/// The weight that takes the place of `weight`. Axes that it does not have are reported through
/// `place`.
Tensor constrain(const Constraint &constraint, const Place &place, Tensor weight);

} // namespace lamina::frontend::builder
