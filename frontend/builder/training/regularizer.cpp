// keras/src/regularizers/regularizers.py
#include "frontend/builder/training/regularizer.h"

#include "frontend/builder/functions.h"

namespace lamina::frontend::builder {

static Tensor penalty(const NormRegularizer &norms, const Place &, Tensor x) {
  Tensor total;
  if (norms.l1 != 0)
    total = norms.l1 * sumAll(abs(x));
  if (norms.l2 != 0) {
    Tensor squares = norms.l2 * sumAll(square(x));
    total = total ? total + squares : squares;
  }
  return total ? total : x.like(0);
}

static Tensor penalty(const OrthogonalRegularizer &settings, const Place &place, Tensor x) {
  if (x.rank() != 2 || x.type().isDynamicDim(0))
    place.fail("an OrthogonalRegularizer needs a matrix of weights");
  int64_t along = settings.isOfColumns ? 0 : 1, size = x.dim(1 - along);
  Tensor unit = normalize(x, along);
  Tensor cosines = dot(unit, unit, along, along);
  Emitter &emit = x.emit();
  Tensor isDiagonal = equal(emit.iota(cosines.shape(), 0), emit.iota(cosines.shape(), 1));
  double pairs = static_cast<double>(size) * (static_cast<double>(size) - 1) / 2;
  return settings.factor * 0.5 * sumAll(abs(where(isDiagonal, cosines.like(0), cosines))) / pairs;
}

Tensor regularize(const Regularizer &regularizer, const Place &place, Tensor x) {
  return std::visit([&](const auto &kind) { return penalty(kind, place, x); }, regularizer);
}

} // namespace lamina::frontend::builder
