// keras.layers.Pipeline: keras/src/layers/preprocessing/pipeline.py
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/model/inner_layer.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Layers without weights, one after the other.
class Pipeline : public LayerMeaning {
public:
  explicit Pipeline(Config &config) {
    ElementType type = readPolicy(config.where(), config.raw("dtype"));
    const nlohmann::json &list = config.raw("layers");
    if (!list.is_array())
      config.fail("has no list of 'layers'");
    for (auto [i, object] : llvm::enumerate(list))
      layers.push_back(
          InnerLayer::read(config.where(), "Pipeline", fmt::format("layer {}", i), object, type));
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensors values(inputs);
    for (const InnerLayer &layer : layers) {
      auto types = llvm::map_to_vector(values, [](Tensor value) { return value.type(); });
      if (!layer.meaning->build(layer.place, types).empty())
        layer.place.fail(
            fmt::format("{} has weights, which are not supported inside of a Pipeline; "
                        "put the layers into the model one after another",
                        layer.className));
      PlacedCall inner(call, layer.place);
      values = layer.meaning->call(inner, values);
      call.penalize(layer.activityRegularizer, values[0]);
    }
    return values;
  }

private:
  /// A call whose messages name the inner layer.
  class PlacedCall : public InnerCall {
  public:
    PlacedCall(LayerCall &outer, const Place &own) : InnerCall(outer), own(own) {}
    const Place &place() const override { return own; }

  private:
    const Place &own;
  };

  std::vector<InnerLayer> layers;
};

} // namespace

const LayerEntry pipelineLayer = {"Pipeline", createFromConfig<Pipeline>};

} // namespace lamina::frontend::keras
