// keras.layers.Dropout: keras/src/layers/regularization/dropout.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// In training each element is zero with probability `rate`, the others are divided by 1 - rate;
/// otherwise the identity. Along extents of 1 in `noise_shape` one decision holds for all.
class Dropout : public LayerMeaning {
public:
  explicit Dropout(Config &config) : rate(config.number("rate", 0)) {
    config.ignore({"seed"}); // the random numbers are the model's own, seeded for the whole run
    if (!(rate >= 0 && rate <= 1))
      config.fail(fmt::format("'rate' must be between 0 and 1, not {}", rate));
    for (const nlohmann::json &extent : config.raw("noise_shape"))
      if (extent.is_null())
        noiseShape.push_back(std::nullopt);
      else if (extent.is_number_integer())
        noiseShape.push_back(extent.get<int64_t>());
      else
        config.fail("'noise_shape' must be a list of integers and nulls");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    if (!call.isTraining() || rate == 0)
      return {x};
    x = x.toFloat();
    if (rate == 1)
      return {x.like(0).broadcastTo(x.shape())};
    Tensor keep = call.uniform(getNoiseShape(call, x)) >= rate;
    return {where(keep, x * (1 / (1 - rate)), 0.0)};
  }

private:
  llvm::SmallVector<int64_t> getNoiseShape(LayerCall &call, Tensor x) const {
    llvm::SmallVector<int64_t> shape(x.shape());
    if (noiseShape.empty())
      return shape;
    bool fits = noiseShape.size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i) {
      if (noiseShape[i] && *noiseShape[i] == 1)
        shape[i] = 1;
      else if (noiseShape[i] && *noiseShape[i] != shape[i])
        fits = false;
    }
    if (!fits)
      call.fail(
          fmt::format("'noise_shape' does not fit an input of shape {}", describeShape(x.shape())));
    return shape;
  }

  double rate;
  llvm::SmallVector<std::optional<int64_t>> noiseShape;
};

} // namespace

const LayerEntry dropoutLayer = {"Dropout", createFromConfig<Dropout>};

} // namespace lamina::frontend::keras
