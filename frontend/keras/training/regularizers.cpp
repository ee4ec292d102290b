#include "frontend/keras/training/regularizers.h"

#include "frontend/builder/functions.h"

namespace lamina::frontend::keras {
namespace {

struct RegularizerEntry {
  std::vector<std::string> names; ///< class name and Keras' aliases
  Tensor (*apply)(Config &config, Tensor x);
};

Tensor penalty(Tensor x, double l1, double l2) {
  Tensor total;
  if (l1 != 0)
    total = l1 * sumAll(abs(x));
  if (l2 != 0) {
    Tensor squares = l2 * sumAll(square(x));
    total = total ? total + squares : squares;
  }
  return total ? total : x.like(0);
}

Tensor l1(Config &config, Tensor x) {
  return penalty(x, config.number("l1", 0.01), 0);
}
Tensor l2(Config &config, Tensor x) {
  return penalty(x, 0, config.number("l2", 0.01));
}
Tensor l1l2(Config &config, Tensor x) {
  double first = config.number("l1", 0);
  return penalty(x, first, config.number("l2", 0));
}

/// factor times the mean over pairs of rows (or columns) of the magnitude of their cosine.
Tensor orthogonal(Config &config, Tensor x) {
  double factor = config.number("factor", 0.01);
  std::string mode = config.text("mode", "rows");
  if (mode != "rows" && mode != "columns")
    config.fail(fmt::format("'mode' of OrthogonalRegularizer must be rows or columns, not '{}'",
                            printable(mode)));
  if (x.rank() != 2 || x.type().isDynamicDim(0))
    config.fail("an OrthogonalRegularizer needs a matrix of weights");
  int64_t along = mode == "rows" ? 1 : 0, size = x.dim(1 - along);
  Tensor unit = normalize(x, along);
  Tensor cosines = dot(unit, unit, along, along);
  Emitter &emit = x.emit();
  Tensor isDiagonal = equal(emit.iota(cosines.shape(), 0), emit.iota(cosines.shape(), 1));
  double pairs = static_cast<double>(size) * (static_cast<double>(size) - 1) / 2;
  return factor * 0.5 * sumAll(abs(where(isDiagonal, cosines.like(0), cosines))) / pairs;
}

const std::vector<RegularizerEntry> &regularizers() {
  static const std::vector<RegularizerEntry> entries = {
      {{"L1", "l1"}, l1},
      {{"L2", "l2"}, l2},
      {{"L1L2", "l1_l2", "l1l2"}, l1l2},
      {{"OrthogonalRegularizer", "orthogonal_regularizer"}, orthogonal}};
  return entries;
}

struct ConstraintEntry {
  std::vector<std::string> names;
  Tensor (*apply)(Config &config, Tensor w);
};

/// sqrt(sum(w^2)) over the configured axes, repeated to w's shape.
Tensor norms(Config &config, Tensor w) {
  llvm::SmallVector<int64_t> axes;
  for (int64_t axis : config.integers("axis").value_or(std::vector<int64_t>{0})) {
    int64_t normalized = axis < 0 ? axis + w.rank() : axis;
    if (normalized < 0 || normalized >= w.rank())
      config.fail(
          fmt::format("constraint axis {} is not one of a weight of rank {}", axis, w.rank()));
    axes.push_back(normalized);
  }
  return spread(sqrt(sum(square(w), axes)), axes, w);
}

Tensor nonNeg(Config &, Tensor w) {
  return maximum(w, 0.0);
}

Tensor unitNorm(Config &config, Tensor w) {
  return w / (kEpsilon + norms(config, w));
}

Tensor maxNorm(Config &config, Tensor w) {
  Tensor norm = norms(config, w);
  return w * (clip(norm, 0, config.number("max_value", 2)) / (kEpsilon + norm));
}

Tensor minMaxNorm(Config &config, Tensor w) {
  Tensor norm = norms(config, w);
  double rate = config.number("rate", 1);
  Tensor clipped = clip(norm, config.number("min_value", 0), config.number("max_value", 1));
  return w * ((rate * clipped + (1 - rate) * norm) / (kEpsilon + norm));
}

const std::vector<ConstraintEntry> &constraints() {
  static const std::vector<ConstraintEntry> entries = {
      {{"NonNeg", "non_neg"}, nonNeg},
      {{"UnitNorm", "unit_norm"}, unitNorm},
      {{"MaxNorm", "max_norm"}, maxNorm},
      {{"MinMaxNorm", "min_max_norm"}, minMaxNorm}};
  return entries;
}

template <typename Entries>
Tensor apply(const Place &place, const char *kind, const nlohmann::json &value, Tensor x,
             const Entries &entries) {
  ObjectConfig object = ObjectConfig::read(place, fmt::format("the {}", kind), value);
  std::vector<std::string> names;
  for (const auto &entry : entries) {
    names.push_back(entry.names.front());
    if (!llvm::is_contained(entry.names, object.className))
      continue;
    Config config(object.config, place);
    Tensor result = entry.apply(config, x);
    config.finish(object.className);
    return result;
  }
  place.fail(notSupported(fmt::format("{} {}", kind, printable(object.className)), object.className,
                          names));
}

} // namespace

Tensor regularize(const Place &place, const nlohmann::json &regularizer, Tensor x) {
  return apply(place, "regularizer", regularizer, x, regularizers());
}

Tensor constrain(const Place &place, const nlohmann::json &constraint, Tensor weight) {
  return apply(place, "constraint", constraint, weight, constraints());
}

} // namespace lamina::frontend::keras
