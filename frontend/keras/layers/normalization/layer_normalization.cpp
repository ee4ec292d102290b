// keras.layers.LayerNormalization, RMSNormalization:
// keras/src/layers/normalization/ with the formulas of keras/src/ops/nn.py (Ba et al. 2016; Zhang
// and Sennrich 2019)
#include "frontend/keras/layers/normalization/normalizations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The axes that these layers normalize each row over: the last one unless given.
std::vector<int64_t> readAxes(Config &config) {
  return config.integers("axis").value_or(std::vector<int64_t>{-1});
}

/// `axes` in ascending order as they are given, as Keras sorts them: weights have this order.
std::vector<int64_t> readSortedAxes(Config &config) {
  std::vector<int64_t> axes = readAxes(config);
  llvm::sort(axes);
  return axes;
}

llvm::SmallVector<int64_t> extentsAt(ArrayRef<int64_t> shape, ArrayRef<int64_t> dimensions) {
  return llvm::map_to_vector(dimensions, [&](int64_t dimension) { return shape[dimension]; });
}

/// Normalizes each row over some dimensions, with gamma and beta of their shape. `rms_scaling`
/// divides by the deviation without taking the mean away first, and has gamma alone.
class LayerNormalization : public LayerMeaning {
public:
  explicit LayerNormalization(Config &config)
      : axes(readSortedAxes(config)), epsilon(config.number("epsilon", 1e-3)),
        rmsScaling(config.boolean("rms_scaling", false)), affine(config) {
    if (rmsScaling)
      std::tie(affine.scale, affine.center) = std::pair(true, false);
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    ArrayRef<int64_t> shape = inputs[0].getShape();
    return affine.declare(extentsAt(shape, findDimensions(place, axes, inputs[0].getRank())));
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    llvm::SmallVector<int64_t> dimensions = findDimensions(call.place(), axes, x.rank());
    if (affine.count() != 0)
      checkWeightShape(call, x, dimensions, call.variable(0).shape());
    llvm::SmallVector<int64_t> shape(x.rank(), 1);
    for (int64_t dimension : dimensions)
      shape[dimension] = x.dim(dimension);
    return {normalizeLayer(x, dimensions, affine.readGamma(call, shape),
                           affine.readBeta(call, shape), epsilon, rmsScaling)};
  }

private:
  std::vector<int64_t> axes;
  double epsilon;
  bool rmsScaling;
  ScaleAndCenter affine;
};

/// x / sqrt(mean x^2 + epsilon) * scale over some dimensions. The scale is along the last
/// dimensions, whatever the axes are: so Keras multiplies it.
class RMSNormalization : public LayerMeaning {
public:
  explicit RMSNormalization(Config &config)
      : axes(readSortedAxes(config)), epsilon(config.number("epsilon", 1e-6)) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    VariableDeclaration scale = {"scale", {}, "ones"};
    ArrayRef<int64_t> shape = inputs[0].getShape();
    llvm::append_range(scale.shape,
                       extentsAt(shape, findDimensions(place, axes, inputs[0].getRank())));
    return {scale};
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat(), scale = call.variable(0);
    llvm::SmallVector<int64_t> dimensions = findDimensions(call.place(), axes, x.rank());
    checkWeightShape(call, x, dimensions, scale.shape());
    for (int64_t i = 0; i < scale.rank(); ++i)
      if (scale.dim(i) != 1 && scale.dim(i) != x.dim(x.rank() - scale.rank() + i))
        call.fail(fmt::format("the scale of shape {} does not fit the last dimensions of an input "
                              "of shape {}; normalize over these",
                              describeShape(scale.shape()), describeShape(x.shape())));
    return {normalizeMagnitude(x, dimensions, epsilon) * scale};
  }

private:
  std::vector<int64_t> axes;
  double epsilon;
};

} // namespace

const LayerEntry layerNormalizationLayer = {"LayerNormalization",
                                            createFromConfig<LayerNormalization>, MaskUse::Passes};
const LayerEntry rmsNormalizationLayer = {"RMSNormalization", createFromConfig<RMSNormalization>};

} // namespace lamina::frontend::keras
