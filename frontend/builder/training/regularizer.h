#pragma once

#include <variant>

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"

/// Penalties of weights and activities, which are added to the loss.
namespace lamina::frontend::builder {

/// l1 * sum(|x|) + l2 * sum(x^2).
struct NormRegularizer {
  double l1 = 0, l2 = 0;
};

/// `factor` times the mean over pairs of rows (or columns) of the magnitude of their cosine.
struct OrthogonalRegularizer {
  double factor = 0.01;
  bool isOfColumns = false;
};

using Regularizer = std::variant<NormRegularizer, OrthogonalRegularizer>;

/// The penalty of x, a scalar. A shape that does not fit is reported through `place`.
Tensor regularize(const Regularizer &regularizer, const Place &place, Tensor x);

} // namespace lamina::frontend::builder
