#include <cmath>

#include "frontend/builder/initializers/initializers.h"
#include "frontend/builder/random_numbers.h"
#include "support/error.h"

namespace lamina::frontend::builder {
namespace {

using Fan = VarianceScalingInitializer::Fan;
using Distribution = VarianceScalingInitializer::Distribution;

double productOf(llvm::ArrayRef<int64_t> axes, const InitializerCall &call) {
  double result = 1;
  auto rank = static_cast<int64_t>(call.shape.size());
  for (int64_t axis : axes) {
    if (axis < -rank || axis >= rank)
      call.place.fail(
          fmt::format("initializer axis {} is not one of a weight of rank {}", axis, rank));
    result *= static_cast<double>(call.shape[axis < 0 ? axis + rank : axis]);
  }
  return result;
}

/// (fan in, fan out): the products over the configured axes, else as for a kernel whose last two
/// dimensions are input and output channels.
std::pair<double, double> computeFans(const VarianceScalingInitializer &initializer,
                                      const InitializerCall &call) {
  if (const std::optional<FanAxes> &axes = initializer.fanAxes)
    return {productOf(axes->inputs, call), productOf(axes->outputs, call)};
  llvm::ArrayRef<int64_t> shape = call.shape;
  if (shape.empty())
    return {1, 1};
  if (shape.size() == 1)
    return {shape[0], shape[0]};
  double field = 1;
  for (int64_t extent : shape.drop_back(2))
    field *= static_cast<double>(extent);
  return {field * static_cast<double>(shape[shape.size() - 2]),
          field * static_cast<double>(shape.back())};
}

} // namespace

Tensor initialValue(const VarianceScalingInitializer &initializer, const InitializerCall &call) {
  auto [in, out] = computeFans(initializer, call);
  Fan fan = initializer.fan;
  double count = fan == Fan::In ? in : fan == Fan::Out ? out : (in + out) / 2;
  double variance = initializer.scale / std::max(1.0, count);
  if (initializer.distribution == Distribution::Uniform) {
    double limit = std::sqrt(3 * variance);
    return uniformFromBits(call.randomBits(call.shape)) * (2 * limit) - limit;
  }
  // A normal distribution cut at two standard deviations has this one.
  constexpr double kTruncatedDeviation = 0.87962566103423978;
  bool isTruncated = initializer.distribution == Distribution::TruncatedNormal;
  double deviation = std::sqrt(variance) / (isTruncated ? kTruncatedDeviation : 1);
  return normalFromBits(call.randomBits(call.shape), isTruncated) * deviation;
}

} // namespace lamina::frontend::builder
