// keras.initializers.VarianceScaling and its named cases:
// keras/src/initializers/random_initializers.py (Glorot and Bengio 2010, He et al. 2015, LeCun
// 1998)
#include <cmath>

#include "frontend/keras/initializers/initializers.h"

namespace lamina::frontend::keras {
namespace {

enum class Fan { In, Out, Average };
enum class Distribution { Uniform, TruncatedNormal, UntruncatedNormal };

/// (fan in, fan out): the products over the configured axes, else as for a kernel whose last two
/// dimensions are input and output channels.
std::pair<double, double> computeFans(const InitializerCall &call, Config &config) {
  llvm::ArrayRef<int64_t> shape = call.shape;
  auto inputAxes = config.integers("input_axes"), outputAxes = config.integers("output_axes");
  int64_t rank = static_cast<int64_t>(shape.size());
  auto product = [&](const std::vector<int64_t> &axes) {
    double result = 1;
    for (int64_t axis : axes) {
      if (axis < -rank || axis >= rank)
        config.fail(
            fmt::format("initializer axis {} is not one of a weight of rank {}", axis, rank));
      result *= static_cast<double>(shape[axis < 0 ? axis + rank : axis]);
    }
    return result;
  };
  if (inputAxes && outputAxes)
    return {product(*inputAxes), product(*outputAxes)};
  if (shape.empty())
    return {1, 1};
  if (rank == 1)
    return {shape[0], shape[0]};
  double field = 1;
  for (int64_t extent : shape.drop_back(2))
    field *= static_cast<double>(extent);
  return {field * static_cast<double>(shape[rank - 2]),
          field * static_cast<double>(shape[rank - 1])};
}

Tensor scaled(const InitializerCall &call, Config &config, double scale, Fan fan,
              Distribution distribution) {
  config.ignore({"seed"});
  auto [in, out] = computeFans(call, config);
  double count = fan == Fan::In ? in : fan == Fan::Out ? out : (in + out) / 2;
  double variance = scale / std::max(1.0, count);
  if (distribution == Distribution::Uniform) {
    double limit = std::sqrt(3 * variance);
    return uniformFromBits(call.randomBits(call.shape)) * (2 * limit) - limit;
  }
  // A normal distribution cut at two standard deviations has this one.
  constexpr double kTruncatedDeviation = 0.87962566103423978;
  bool isTruncated = distribution == Distribution::TruncatedNormal;
  double deviation = std::sqrt(variance) / (isTruncated ? kTruncatedDeviation : 1);
  return normal(call, call.shape, isTruncated) * deviation;
}

template <int scale, Fan fan, Distribution distribution>
Tensor named(const InitializerCall &call, Config &config) {
  return scaled(call, config, scale, fan, distribution);
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

Tensor varianceScaling(const InitializerCall &call, Config &config) {
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
  return scaled(call, config, scale, fan, distribution);
}

} // namespace

std::vector<InitializerEntry> varianceScalingInitializers() {
  constexpr auto kUniform = Distribution::Uniform, kNormal = Distribution::TruncatedNormal;
  return {{{"VarianceScaling", "variance_scaling"}, varianceScaling},
          {{"GlorotUniform", "glorot_uniform"}, named<1, Fan::Average, kUniform>},
          {{"GlorotNormal", "glorot_normal"}, named<1, Fan::Average, kNormal>},
          {{"LecunUniform", "lecun_uniform"}, named<1, Fan::In, kUniform>},
          {{"LecunNormal", "lecun_normal"}, named<1, Fan::In, kNormal>},
          {{"HeUniform", "he_uniform"}, named<2, Fan::In, kUniform>},
          {{"HeNormal", "he_normal"}, named<2, Fan::In, kNormal>}};
}

nlohmann::json withFanAxes(const Place &place, const nlohmann::json &initializer,
                           const std::vector<int64_t> &inputAxes,
                           const std::vector<int64_t> &outputAxes) {
  ObjectConfig object = ObjectConfig::read(place, "the initializer", initializer);
  bool hasFans = llvm::any_of(varianceScalingInitializers(), [&](const InitializerEntry &entry) {
    return llvm::is_contained(entry.names, object.className);
  });
  Config config(object.config, place);
  if (!hasFans || (config.has("input_axes") && config.has("output_axes")))
    return initializer;
  object.config["input_axes"] = inputAxes;
  object.config["output_axes"] = outputAxes;
  return {{"class_name", object.className}, {"config", object.config}};
}

} // namespace lamina::frontend::keras
