// keras.layers.MixUp, CutMix, RandAugment, AugMix, RandomElasticTransform, of which predictions are
// known alone: keras/src/layers/preprocessing/image_preprocessing/
#include "frontend/keras/layers/augmentation/augmentation.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// In prediction images stay as they are; training is refused.
template <const char *reason> class ForPrediction final : public ImageAugmentation {
public:
  explicit ForPrediction(Config &config) : ImageAugmentation(config) {
    config.ignore({"alpha", "factor", "value_range", "num_ops", "num_chains", "chain_depth",
                   "all_ops", "interpolation", "scale", "fill_mode", "fill_value"});
  }

private:
  Tensor change(LayerCall &call, Tensor) const override {
    call.fail(fmt::format("{}, so the model cannot be trained, but it predicts; train it on images "
                          "that were changed before, without this layer",
                          reason));
  }
};

constexpr char kMixes[] = "mixes the images of a batch and their labels, of which it is given none";
constexpr char kChooses[] = "chooses among other layers at random";
constexpr char kDeforms[] = "deforms images by fields of noise, for which there is no operation";

} // namespace

const LayerEntry mixUpLayer = {"MixUp", createFromConfig<ForPrediction<kMixes>>};
const LayerEntry cutMixLayer = {"CutMix", createFromConfig<ForPrediction<kMixes>>};
const LayerEntry randAugmentLayer = {"RandAugment", createFromConfig<ForPrediction<kChooses>>};
const LayerEntry augMixLayer = {"AugMix", createFromConfig<ForPrediction<kChooses>>};
const LayerEntry randomElasticTransformLayer = {"RandomElasticTransform",
                                                createFromConfig<ForPrediction<kDeforms>>};

} // namespace lamina::frontend::keras
