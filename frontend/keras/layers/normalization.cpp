// keras.layers.BatchNormalization, LayerNormalization: keras/src/layers/normalization/ (Ioffe and
// Szegedy 2015; Ba et al. 2016)
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

struct Moments {
  Tensor mean, variance; ///< biased
};

/// Mean and variance over `dimensions`, which vanish. The variance's gradient by the mean is zero.
Moments computeMoments(Tensor x, ArrayRef<int64_t> dimensions) {
  Tensor average = mean(x, dimensions);
  Tensor deviation = x - spread(stopGradient(average), dimensions, x);
  return {average, mean(square(deviation), dimensions)};
}

/// x * inverse + (beta - mean * inverse) with inverse = gamma / sqrt(variance + epsilon); all but x
/// broadcast to x. Gamma and beta may be null.
Tensor normalize(Tensor x, Moments moments, Tensor gamma, Tensor beta, double epsilon) {
  Tensor inverse = rsqrt(moments.variance + epsilon);
  if (gamma)
    inverse = inverse * gamma;
  Tensor shift = moments.mean * inverse;
  return x * inverse + (beta ? beta - shift : -shift);
}

/// Gamma and beta, as both layers have them.
struct ScaleAndCenter {
  bool scale, center;
  VariableDeclaration gamma, beta;

  explicit ScaleAndCenter(Config &config)
      : scale(config.boolean("scale", true)), center(config.boolean("center", true)),
        gamma(readVariable(config, "gamma", "ones")), beta(readVariable(config, "beta", "zeros")) {}

  std::vector<VariableDeclaration> declare(ArrayRef<int64_t> shape) const {
    std::vector<VariableDeclaration> variables;
    if (scale)
      variables.push_back(gamma);
    if (center)
      variables.push_back(beta);
    for (VariableDeclaration &variable : variables)
      variable.shape.assign(shape.begin(), shape.end());
    return variables;
  }
  size_t count() const { return size_t(scale) + size_t(center); }
  /// In `shape`; null where there is none.
  Tensor readGamma(LayerCall &call, ArrayRef<int64_t> shape) const {
    return scale ? call.variable(0).reshape(shape) : Tensor();
  }
  Tensor readBeta(LayerCall &call, ArrayRef<int64_t> shape) const {
    return center ? call.variable(scale ? 1 : 0).reshape(shape) : Tensor();
  }
};

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
      moments = computeMoments(x, otherDimensions(x, channelAxis));
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

/// Normalizes each row over some dimensions, with gamma and beta of their shape.
class LayerNormalization : public LayerMeaning {
public:
  explicit LayerNormalization(Config &config)
      : axes(config.integers("axis").value_or(std::vector<int64_t>{-1})),
        epsilon(config.number("epsilon", 1e-3)), affine(config) {
    llvm::sort(axes); // as given, as Keras does
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    llvm::SmallVector<int64_t> shape;
    for (int64_t dimension : findDimensions(place, inputs[0].getRank()))
      shape.push_back(inputs[0].getDimSize(dimension));
    return affine.declare(shape);
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    llvm::SmallVector<int64_t> dimensions = findDimensions(call.place(), x.rank());
    llvm::SmallVector<int64_t> kept(x.shape()), shape(x.rank(), 1);
    for (auto [i, dimension] : llvm::enumerate(dimensions)) {
      kept[dimension] = 1;
      shape[dimension] = x.dim(dimension);
      checkExtent(call, x, i, dimension);
    }
    Moments moments = computeMoments(x, dimensions);
    moments = {moments.mean.reshape(kept), moments.variance.reshape(kept)};
    return {normalize(x, moments, affine.readGamma(call, shape), affine.readBeta(call, shape),
                      epsilon)};
  }

private:
  llvm::SmallVector<int64_t> findDimensions(const Place &place, int64_t rank) const {
    llvm::SmallVector<int64_t> dimensions;
    for (int64_t axis : axes) {
      dimensions.push_back(normalizeAxis(place, axis, rank));
      if (dimensions.back() == 0 || llvm::count(dimensions, dimensions.back()) > 1)
        place.fail("'axis' must name different dimensions other than the rows");
    }
    if (dimensions.empty())
      place.fail("'axis' must name a dimension");
    return dimensions;
  }

  void checkExtent(LayerCall &call, Tensor x, size_t i, int64_t dimension) const {
    if (affine.count() != 0 && call.variable(0).dim(static_cast<int64_t>(i)) != x.dim(dimension))
      call.fail(fmt::format("its weights have shape {} but the input has shape {}",
                            describeShape(call.variable(0).shape()), describeShape(x.shape())));
  }

  std::vector<int64_t> axes;
  double epsilon;
  ScaleAndCenter affine;
};

} // namespace

const LayerEntry batchNormalizationLayer = {"BatchNormalization",
                                            createFromConfig<BatchNormalization>};
const LayerEntry layerNormalizationLayer = {"LayerNormalization",
                                            createFromConfig<LayerNormalization>};

} // namespace lamina::frontend::keras
