// keras.layers.GroupNormalization: keras/src/layers/normalization/group_normalization.py (Wu and He
// 2018)
#include "frontend/keras/layers/normalization/normalizations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Normalizes each group of channels of each row over the group and all other dimensions. With -1
/// groups every channel is one (instance normalization).
class GroupNormalization : public LayerMeaning {
public:
  explicit GroupNormalization(Config &config)
      : groups(config.integer("groups", 32)), axis(config.integer("axis", -1)),
        epsilon(config.number("epsilon", 1e-3)), affine(config) {
    if (groups < 1 && groups != -1)
      config.fail(fmt::format("'groups' must be positive or -1, not {}", groups));
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    int64_t dimension = findDimensions(place, {axis}, inputs[0].getRank())[0];
    int64_t channels = inputs[0].getDimSize(dimension);
    if (groups > channels || (groups != -1 && channels % groups != 0))
      place.fail(fmt::format("{} groups do not divide {} channels (axis {} of an input of shape "
                             "{})",
                             groups, channels, axis, describeShape(inputs[0].getShape())));
    return affine.declare({channels});
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    int64_t dimension = findDimensions(call.place(), {axis}, x.rank())[0];
    int64_t channels = x.dim(dimension), count = groups == -1 ? channels : groups;
    if (affine.count() != 0)
      checkWeightShape(call, x, {dimension}, call.variable(0).shape());
    llvm::SmallVector<int64_t> split(x.shape()), kept(x.rank() + 1, 1), others;
    split[dimension] = channels / count;
    split.insert(split.begin() + dimension, count);
    kept[0] = x.dim(0);
    kept[dimension] = count;
    for (int64_t i = 1; i <= x.rank(); ++i)
      if (i != dimension)
        others.push_back(i);
    // Behind the channels, extents of 1 let the vectors broadcast.
    llvm::SmallVector<int64_t> shape(x.rank() + 1 - dimension, 1);
    shape[0] = count;
    shape[1] = channels / count;
    Tensor parts = x.reshape(split);
    Moments moments = computeMoments(parts, others);
    moments = {moments.mean.reshape(kept), moments.variance.reshape(kept)};
    Tensor y = normalize(parts, moments, affine.readGamma(call, shape),
                         affine.readBeta(call, shape), epsilon);
    return {y.reshape(x.shape())};
  }

private:
  int64_t groups, axis;
  double epsilon;
  ScaleAndCenter affine;
};

} // namespace

const LayerEntry groupNormalizationLayer = {"GroupNormalization",
                                            createFromConfig<GroupNormalization>, MaskUse::Passes};

} // namespace lamina::frontend::keras
