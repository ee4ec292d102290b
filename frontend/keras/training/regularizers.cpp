#include "frontend/keras/training/regularizers.h"

#include "frontend/keras/training/traced/formulas.h"
#include "llvm/ADT/STLExtras.h"

namespace lamina::frontend::keras {
namespace {

template <typename Settings> struct Entry {
  std::vector<std::string> names; ///< class name and Keras' aliases
  Settings (*read)(Config &config);
};

Regularizer readL1(Config &config) {
  return NormRegularizer{.l1 = config.number("l1", 0.01)};
}
Regularizer readL2(Config &config) {
  return NormRegularizer{.l2 = config.number("l2", 0.01)};
}
Regularizer readL1L2(Config &config) {
  return NormRegularizer{config.number("l1", 0), config.number("l2", 0)};
}

Regularizer readOrthogonal(Config &config) {
  double factor = config.number("factor", 0.01);
  std::string mode = config.text("mode", "rows");
  if (mode != "rows" && mode != "columns")
    config.fail(fmt::format("'mode' of OrthogonalRegularizer must be rows or columns, not '{}'",
                            printable(mode)));
  return OrthogonalRegularizer{factor, mode == "columns"};
}

const std::vector<Entry<Regularizer>> &regularizers() {
  static const std::vector<Entry<Regularizer>> entries = {
      {{"L1", "l1"}, readL1},
      {{"L2", "l2"}, readL2},
      {{"L1L2", "l1_l2", "l1l2"}, readL1L2},
      {{"OrthogonalRegularizer", "orthogonal_regularizer"}, readOrthogonal}};
  return entries;
}

std::vector<int64_t> readAxes(Config &config) {
  return config.integers("axis").value_or(std::vector<int64_t>{0});
}

Constraint readNonNegative(Config &) {
  return NonNegativeConstraint{};
}
Constraint readUnitNorm(Config &config) {
  return UnitNormConstraint{readAxes(config)};
}
Constraint readMaxNorm(Config &config) {
  return MaxNormConstraint{config.number("max_value", 2), readAxes(config)};
}
Constraint readMinMaxNorm(Config &config) {
  return MinMaxNormConstraint{config.number("min_value", 0), config.number("max_value", 1),
                              config.number("rate", 1), readAxes(config)};
}

const std::vector<Entry<Constraint>> &constraints() {
  static const std::vector<Entry<Constraint>> entries = {
      {{"NonNeg", "non_neg"}, readNonNegative},
      {{"UnitNorm", "unit_norm"}, readUnitNorm},
      {{"MaxNorm", "max_norm"}, readMaxNorm},
      {{"MinMaxNorm", "min_max_norm"}, readMinMaxNorm}};
  return entries;
}

template <typename Settings>
Settings read(const Place &place, const char *kind, const nlohmann::json &value,
              const std::vector<Entry<Settings>> &entries) {
  ObjectConfig object = ObjectConfig::read(place, fmt::format("the {}", kind), value);
  std::vector<std::string> names;
  for (const Entry<Settings> &entry : entries) {
    names.push_back(entry.names.front());
    if (!llvm::is_contained(entry.names, object.className))
      continue;
    Config config(object.config, place);
    Settings settings = entry.read(config);
    config.finish(object.className);
    return settings;
  }
  place.refuse(notSupported(fmt::format("{} {}", kind, printable(object.className)),
                            object.className, names));
}

} // namespace

Regularizer readRegularizer(const Place &place, const nlohmann::json &regularizer) {
  return read(place, "regularizer", regularizer, regularizers());
}

std::optional<Regularizer> readOptionalRegularizer(const Place &place,
                                                   const nlohmann::json &regularizer) {
  return regularizer.is_null() ? std::nullopt : std::optional(readRegularizer(place, regularizer));
}

std::optional<Regularizer> readActivityRegularizer(const Place &place, const ObjectConfig &layer) {
  if (layer.className == "ActivityRegularization") {
    Config config(layer.config, place);
    return NormRegularizer{config.number("l1", 0), config.number("l2", 0)};
  }
  return readOptionalRegularizer(place,
                                 layer.config.value("activity_regularizer", nlohmann::json()));
}

Constraint readConstraint(const Place &place, const nlohmann::json &constraint) {
  ObjectConfig object = ObjectConfig::read(place, "the constraint", constraint);
  if (object.className == kTracedConstraintClass)
    return readTracedConstraint(object.config, place);
  return read(place, "constraint", constraint, constraints());
}

} // namespace lamina::frontend::keras
