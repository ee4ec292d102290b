// keras.layers.BatchNormalization: keras/src/layers/normalization/batch_normalization.py (Ioffe and
// Szegedy 2015)
#include "frontend/keras/layers/normalization/normalizations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Normalizes each channel by the batch's statistics in training, by the moving ones otherwise and
/// where the layer is frozen.
class BatchNormalization : public LayerMeaning {
public:
  explicit BatchNormalization(Config &config)
      : axis(config.integer("axis", -1)), momentum(config.number("momentum", 0.99)),
        epsilon(config.number("epsilon", 1e-3)), affine(config),
        movingMean(readVariable(config, "moving_mean", "zeros")),
        movingVariance(readVariable(config, "moving_variance", "ones")) {
    // They speak only with renorm, which is refused.
    config.ignore({"renorm_clipping", "renorm_momentum"});
    movingMean.trainable = movingVariance.trainable = false;
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    int64_t channels = inputs[0].getDimSize(findAxis(place, inputs[0].getRank()));
    std::vector<VariableDeclaration> variables = affine.declare({channels});
    for (VariableDeclaration moving : {movingMean, movingVariance}) {
      moving.shape = {channels};
      variables.push_back(std::move(moving));
    }
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    int64_t channelAxis = findAxis(call.place(), x.rank());
    size_t meanIndex = affine.count(), varianceIndex = meanIndex + 1;
    Moments moments = {call.variable(meanIndex), call.variable(varianceIndex)};
    if (x.dim(channelAxis) != moments.mean.dim(0))
      call.fail(fmt::format("normalizes {} channels, but axis {} of an input of shape {} has {}",
                            moments.mean.dim(0), axis, describeShape(x.shape()),
                            x.dim(channelAxis)));
    if (call.isTraining() && call.isTrainable()) {
      Moments moving = moments;
      moments = computeMoments(call, x, otherDimensions(x, channelAxis));
      call.assign(meanIndex, moving.mean * momentum + moments.mean * (1 - momentum));
      call.assign(varianceIndex, moving.variance * momentum + moments.variance * (1 - momentum));
    }
    // Behind the channels, extents of 1 let the vectors broadcast.
    llvm::SmallVector<int64_t> shape(x.rank() - channelAxis, 1);
    shape[0] = x.dim(channelAxis);
    moments = {moments.mean.reshape(shape), moments.variance.reshape(shape)};
    return {normalize(x, moments, affine.readGamma(call, shape), affine.readBeta(call, shape),
                      epsilon)};
  }

private:
  int64_t findAxis(const Place &place, int64_t rank) const {
    int64_t channelAxis = normalizeAxis(place, axis, rank);
    if (channelAxis == 0)
      place.fail("'axis' must name a dimension other than the rows");
    return channelAxis;
  }

  /// Of the steps that count.
  static Moments computeMoments(LayerCall &call, Tensor x, ArrayRef<int64_t> dimensions) {
    Tensor mask = call.mask(0);
    if (!mask)
      return keras::computeMoments(x, dimensions);
    if (mask.shape() != x.shape().drop_back())
      call.fail(fmt::format("an input of shape {} with a mask of shape {} cannot be normalized",
                            describeShape(x.shape()), describeShape(mask.shape())));
    Tensor counts = spread(mask, {-1}, x);
    Tensor count = sum(counts.toFloat(), dimensions) + kEpsilon;
    Tensor average = sum(where(counts, x, 0.0), dimensions) / count;
    Tensor deviation = where(counts, x - spread(average, dimensions, x), 0.0);
    return {average, sum(square(deviation), dimensions) / count};
  }

  static llvm::SmallVector<int64_t> otherDimensions(Tensor x, int64_t channelAxis) {
    llvm::SmallVector<int64_t> dimensions;
    for (int64_t i = 0; i < x.rank(); ++i)
      if (i != channelAxis)
        dimensions.push_back(i);
    return dimensions;
  }

  int64_t axis;
  double momentum, epsilon;
  ScaleAndCenter affine;
  VariableDeclaration movingMean, movingVariance;
};

} // namespace

const LayerEntry batchNormalizationLayer = {"BatchNormalization",
                                            createFromConfig<BatchNormalization>, MaskUse::Passes};

} // namespace lamina::frontend::keras
