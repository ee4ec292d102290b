// LayerScale and CustomScaleLayer, which models of keras.applications bring along:
// keras/src/applications/convnext.py, inception_resnet_v2.py
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// x * gamma, a factor for each channel (Touvron et al. 2021, https://arxiv.org/abs/2103.17239).
class LayerScale : public LayerMeaning {
public:
  explicit LayerScale(Config &config)
      : channels(config.positive("projection_dim")), initial(config.number("init_values", 1e-6)) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    if (inputs.size() != 1 || inputs[0].getShape().back() != channels)
      place.fail(
          fmt::format("needs one input with {} channels, as its 'projection_dim' says{}", channels,
                      inputs.size() == 1 ? ", got shape " + describeShape(inputs[0].getShape())
                                         : fmt::format(", got {} inputs", inputs.size())));
    return {{.name = "gamma",
             .shape = {channels},
             .initializer = {{"class_name", "Constant"}, {"config", {{"value", initial}}}}}};
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    return {inputs[0].toFloat() * call.variable(0)};
  }

private:
  int64_t channels;
  double initial;
};

/// a + b * scale, where the inputs are a and b.
class CustomScaleLayer : public LayerMeaning {
public:
  explicit CustomScaleLayer(Config &config) : scale(config.number("scale", 1)) {
    if (!config.has("scale"))
      config.fail("'scale' is missing from the configuration");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    if (inputs.size() != 2 || inputs[0].shape() != inputs[1].shape())
      call.fail("needs a list of two inputs of one shape");
    return {inputs[0].toFloat() + inputs[1].toFloat() * scale};
  }

private:
  double scale;
};

} // namespace

const LayerEntry layerScaleLayer = {"LayerScale", createFromConfig<LayerScale>};
const LayerEntry customScaleLayer = {"CustomScaleLayer", createFromConfig<CustomScaleLayer>};

} // namespace lamina::frontend::keras
