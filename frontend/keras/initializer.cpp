// keras/src/initializers/constant_initializers.py, random_initializers.py
#include "frontend/keras/initializer.h"

#include "llvm/ADT/STLExtras.h"

namespace lamina::frontend::keras {
namespace {

using Fan = VarianceScalingInitializer::Fan;
using Distribution = VarianceScalingInitializer::Distribution;

template <int value> Initializer filled(Config &) {
  return ConstantInitializer{{value}};
}

Initializer constant(Config &config) {
  Config::Numbers value = config.numbers("value", 0);
  return ConstantInitializer{value.values, value.shape};
}

Initializer identity(Config &config) {
  return IdentityInitializer{config.number("gain", 1)};
}

Initializer randomUniform(Config &config) {
  config.ignore({"seed"});
  return UniformInitializer{config.number("minval", -0.05), config.number("maxval", 0.05)};
}

template <bool isTruncated> Initializer randomNormal(Config &config) {
  config.ignore({"seed"});
  return NormalInitializer{config.number("mean", 0), config.number("stddev", 0.05), isTruncated};
}

Initializer orthogonal(Config &config) {
  config.ignore({"seed"});
  return OrthogonalInitializer{config.number("gain", 1)};
}

Initializer scaled(Config &config, double scale, Fan fan, Distribution distribution) {
  config.ignore({"seed"});
  auto inputAxes = config.integers("input_axes"), outputAxes = config.integers("output_axes");
  std::optional<FanAxes> axes;
  if (inputAxes && outputAxes)
    axes = {*inputAxes, *outputAxes};
  return VarianceScalingInitializer{scale, fan, distribution, axes};
}

template <int scale, Fan fan, Distribution distribution> Initializer named(Config &config) {
  return scaled(config, scale, fan, distribution);
}

template <typename Value>
Value choose(Config &config, const char *key, const char *fallback,
             std::initializer_list<std::pair<const char *, Value>> choices) {
  std::string text = config.text(key, fallback);
  for (const auto &[name, value] : choices)
    if (text == name)
      return value;
  config.fail(fmt::format("'{}' of VarianceScaling cannot be '{}'", key, printable(text)));
}

Initializer varianceScaling(Config &config) {
  double scale = config.number("scale", 1);
  if (!(scale > 0))
    config.fail("'scale' of VarianceScaling must be positive");
  Fan fan = choose<Fan>(config, "mode", "fan_in",
                        {{"fan_in", Fan::In}, {"fan_out", Fan::Out}, {"fan_avg", Fan::Average}});
  auto distribution =
      choose<Distribution>(config, "distribution", "truncated_normal",
                           {{"uniform", Distribution::Uniform},
                            {"normal", Distribution::TruncatedNormal},
                            {"truncated_normal", Distribution::TruncatedNormal},
                            {"untruncated_normal", Distribution::UntruncatedNormal}});
  return scaled(config, scale, fan, distribution);
}

} // namespace

const std::vector<InitializerEntry> &initializerEntries() {
  constexpr auto kUniform = Distribution::Uniform, kNormal = Distribution::TruncatedNormal;
  static const std::vector<InitializerEntry> entries = {
      {{"Zeros", "zeros", "zero"}, filled<0>},
      {{"Ones", "ones", "one"}, filled<1>},
      {{"Constant", "constant"}, constant},
      {{"Identity", "identity", "IdentityInitializer"}, identity},
      {{"RandomUniform", "random_uniform", "uniform"}, randomUniform},
      {{"RandomNormal", "random_normal", "normal"}, randomNormal<false>},
      {{"TruncatedNormal", "truncated_normal"}, randomNormal<true>},
      {{"Orthogonal", "orthogonal", "OrthogonalInitializer"}, orthogonal},
      {{"VarianceScaling", "variance_scaling"}, varianceScaling},
      {{"GlorotUniform", "glorot_uniform"}, named<1, Fan::Average, kUniform>},
      {{"GlorotNormal", "glorot_normal"}, named<1, Fan::Average, kNormal>},
      {{"LecunUniform", "lecun_uniform"}, named<1, Fan::In, kUniform>},
      {{"LecunNormal", "lecun_normal"}, named<1, Fan::In, kNormal>},
      {{"HeUniform", "he_uniform"}, named<2, Fan::In, kUniform>},
      {{"HeNormal", "he_normal"}, named<2, Fan::In, kNormal>}};
  return entries;
}

Initializer readInitializer(const Place &place, const nlohmann::json &initializer) {
  ObjectConfig object = ObjectConfig::read(place, "the initializer", initializer);
  std::vector<std::string> names;
  for (const InitializerEntry &entry : initializerEntries()) {
    names.push_back(entry.names.front());
    if (!llvm::is_contained(entry.names, object.className))
      continue;
    Config config(object.config, place);
    Initializer result = entry.read(config);
    config.finish(object.className);
    return result;
  }
  if (llvm::is_contained({"STFT", "stft", "STFTInitializer"}, object.className))
    place.fail("initializer STFT is refused: its windows are SciPy's; give the layer another "
               "initializer, its weights in the file stay as they are");
  place.refuse(notSupported("initializer " + printable(object.className), object.className, names));
}

} // namespace lamina::frontend::keras
