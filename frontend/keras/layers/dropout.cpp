// keras.layers.Dropout, SpatialDropout1D to 3D, AlphaDropout, GaussianDropout, GaussianNoise:
// keras/src/layers/regularization/
#include <cmath>

#include "frontend/keras/layers/dropout.h"
#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {

double readFraction(Config &config, const char *key) {
  config.ignore({"seed"});
  double value = config.number(key, 0);
  if (!(value >= 0 && value <= 1))
    config.fail(fmt::format("'{}' must be between 0 and 1, not {}", key, value));
  return value;
}

Tensor dropOut(LayerCall &call, Tensor x, double rate, ArrayRef<int64_t> noiseShape) {
  if (!call.isTraining() || rate == 0)
    return x;
  x = x.toFloat();
  if (rate == 1)
    return x.like(0).broadcastTo(x.shape());
  return where(call.uniform(noiseShape) >= rate, x * (1 / (1 - rate)), 0.0);
}

namespace {

/// `noise_shape`: along extents of 1 one decision holds for all; null is the input's extent.
class NoiseShape {
public:
  explicit NoiseShape(Config &config) {
    for (const nlohmann::json &extent : config.raw("noise_shape"))
      if (extent.is_null())
        extents.push_back(std::nullopt);
      else if (extent.is_number_integer())
        extents.push_back(extent.get<int64_t>());
      else
        config.fail("'noise_shape' must be a list of integers and nulls");
  }

  llvm::SmallVector<int64_t> get(LayerCall &call, Tensor x) const {
    llvm::SmallVector<int64_t> shape(x.shape());
    if (extents.empty())
      return shape;
    bool fits = extents.size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i) {
      if (extents[i] && *extents[i] == 1)
        shape[i] = 1;
      else if (extents[i] && *extents[i] != shape[i])
        fits = false;
    }
    if (!fits)
      call.fail(
          fmt::format("'noise_shape' does not fit an input of shape {}", describeShape(x.shape())));
    return shape;
  }

private:
  llvm::SmallVector<std::optional<int64_t>> extents;
};

/// In training each element is zero with probability `rate`, the others are divided by 1 - rate;
/// otherwise the identity.
class Dropout : public LayerMeaning {
public:
  explicit Dropout(Config &config) : rate(readFraction(config, "rate")), noiseShape(config) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    return {dropOut(call, x, rate, noiseShape.get(call, x))};
  }

private:
  double rate;
  NoiseShape noiseShape;
};

/// Dropout of whole channels: one decision for all positions.
template <int64_t spatialRank> class SpatialDropout : public LayerMeaning {
public:
  explicit SpatialDropout(Config &config)
      : rate(readFraction(config, "rate")),
        format(spatialRank == 1 ? ImageFormat(1) : ImageFormat(config, spatialRank)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    format.split(call.place(), x.shape()); // refuses another rank
    llvm::SmallVector<int64_t> shape(x.shape());
    for (int64_t i = 0; i < spatialRank; ++i)
      shape[format.getFirstSpatial() + i] = 1;
    return {dropOut(call, x, rate, shape)};
  }

private:
  double rate;
  ImageFormat format;
};

/// Dropout that keeps mean and variance of standardized inputs (Klambauer et al. 2017): what is
/// dropped takes the value to which SELU saturates, then all is scaled and shifted.
class AlphaDropout : public LayerMeaning {
public:
  explicit AlphaDropout(Config &config) : rate(readFraction(config, "rate")), noiseShape(config) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (!call.isTraining() || rate == 0)
      return {x};
    if (rate == 1)
      call.fail("AlphaDropout with 'rate' 1 has no scale that keeps the variance");
    x = x.toFloat();
    constexpr double kSaturated = -1.7580993408473768599402175208123;
    double scale = 1 / std::sqrt((1 - rate) * (1 + rate * kSaturated * kSaturated));
    Tensor keep = call.uniform(noiseShape.get(call, x)) >= rate;
    return {scale * where(keep, x, kSaturated) - scale * kSaturated * rate};
  }

private:
  double rate;
  NoiseShape noiseShape;
};

/// In training x times normal noise of mean 1 and variance rate / (1 - rate).
class GaussianDropout : public LayerMeaning {
public:
  explicit GaussianDropout(Config &config) : rate(readFraction(config, "rate")) {
    if (rate == 1)
      config.fail("GaussianDropout with 'rate' 1 has noise of infinite variance");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (!call.isTraining() || rate == 0)
      return {x};
    return {x.toFloat() * (call.normal(x.shape()) * std::sqrt(rate / (1 - rate)) + 1.0)};
  }

private:
  double rate;
};

/// In training x plus normal noise of deviation `stddev`.
class GaussianNoise : public LayerMeaning {
public:
  explicit GaussianNoise(Config &config) : deviation(readFraction(config, "stddev")) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (!call.isTraining() || deviation == 0)
      return {x};
    return {x.toFloat() + call.normal(x.shape()) * deviation};
  }

private:
  double deviation;
};

} // namespace

const LayerEntry dropoutLayer = {"Dropout", createFromConfig<Dropout>, MaskUse::Passes};
const LayerEntry spatialDropout1dLayer = {"SpatialDropout1D", createFromConfig<SpatialDropout<1>>,
                                          MaskUse::Passes};
const LayerEntry spatialDropout2dLayer = {"SpatialDropout2D", createFromConfig<SpatialDropout<2>>,
                                          MaskUse::Passes};
const LayerEntry spatialDropout3dLayer = {"SpatialDropout3D", createFromConfig<SpatialDropout<3>>,
                                          MaskUse::Passes};
const LayerEntry alphaDropoutLayer = {"AlphaDropout", createFromConfig<AlphaDropout>,
                                      MaskUse::Passes};
const LayerEntry gaussianDropoutLayer = {"GaussianDropout", createFromConfig<GaussianDropout>,
                                         MaskUse::Passes};
const LayerEntry gaussianNoiseLayer = {"GaussianNoise", createFromConfig<GaussianNoise>,
                                       MaskUse::Passes};

} // namespace lamina::frontend::keras
