// keras/src/constraints/constraints.py
#include "frontend/builder/training/constraint.h"

#include <fmt/format.h>

namespace lamina::frontend::builder {

/// The norms over the axes, repeated to w's shape.
static Tensor norms(llvm::ArrayRef<int64_t> axes, const Place &place, Tensor w) {
  llvm::SmallVector<int64_t> dimensions;
  for (int64_t axis : axes) {
    int64_t fromFront = axis < 0 ? axis + w.rank() : axis;
    if (fromFront < 0 || fromFront >= w.rank())
      place.fail(
          fmt::format("constraint axis {} is not one of a weight of rank {}", axis, w.rank()));
    dimensions.push_back(fromFront);
  }
  return spread(sqrt(sum(square(w), dimensions)), dimensions, w);
}

static Tensor project(const NonNegativeConstraint &, const Place &, Tensor w) {
  return maximum(w, 0.0);
}

static Tensor project(const UnitNormConstraint &settings, const Place &place, Tensor w) {
  return w / (kEpsilon + norms(settings.axes, place, w));
}

static Tensor project(const MaxNormConstraint &settings, const Place &place, Tensor w) {
  Tensor norm = norms(settings.axes, place, w);
  return w * (clip(norm, 0, settings.maximum) / (kEpsilon + norm));
}

static Tensor project(const MinMaxNormConstraint &settings, const Place &place, Tensor w) {
  Tensor norm = norms(settings.axes, place, w);
  Tensor clipped = clip(norm, settings.minimum, settings.maximum);
  double rate = settings.rate;
  return w * ((rate * clipped + (1 - rate) * norm) / (kEpsilon + norm));
}

static Tensor project(const OtherConstraint &constraint, const Place &, Tensor w) {
  return constraint.project(w);
}

Tensor constrain(const Constraint &constraint, const Place &place, Tensor weight) {
  return std::visit([&](const auto &kind) { return project(kind, place, weight); }, constraint);
}

} // namespace lamina::frontend::builder
