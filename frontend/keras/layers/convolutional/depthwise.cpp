// keras.layers.DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D:
// keras/src/layers/convolutional/base_depthwise_conv.py, base_separable_conv.py
#include "frontend/keras/layers/convolutional/convolutions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// One filter of its own for each channel and multiple: kernel K... x C x multiplier, output
/// channel c * multiplier + m.
class DepthwiseKernel {
public:
  DepthwiseKernel(Config &config, int64_t spatialRank, const char *name)
      : format(config, spatialRank),
        multiplier(config.has("depth_multiplier") ? config.positive("depth_multiplier") : 1),
        kernel(readVariable(config, name, "glorot_uniform", "depthwise")) {
    config.ignore({"depth_multiplier"});
    windows = Windows::read(config, readSizes(config, "kernel_size", spatialRank), true, false);
  }

  const ImageFormat &getFormat() const { return format; }
  int64_t countOutputs(const Place &place, RankedTensorType input) const {
    int64_t outputs = 0;
    if (llvm::MulOverflow(format.split(place, input.getShape()).channels, multiplier, outputs))
      place.fail(fmt::format("'depth_multiplier' {} is too large", multiplier));
    return outputs;
  }

  VariableDeclaration declare(const Place &place, RankedTensorType input) const {
    format.require(place, input.getShape(), [&](const ImageShape &image) {
      return windows.findMisfit("kernel", image.spatial);
    });
    VariableDeclaration variable = kernel;
    variable.shape.assign(windows.sizes.begin(), windows.sizes.end());
    variable.shape.push_back(format.split(place, input.getShape()).channels);
    variable.shape.push_back(multiplier);
    return variable;
  }

  /// The convolution, channels last.
  Tensor apply(LayerCall &call, ArrayRef<Tensor> inputs) const {
    Tensor weights = call.variable(0);
    int64_t channels = weights.dim(weights.rank() - 2);
    format.require(call.place(), singleInput(call, inputs).shape(), [&](const ImageShape &image) {
      std::string mismatch = findChannelMismatch(channels, image.channels);
      return mismatch.empty() ? windows.findMisfit("kernel", image.spatial) : mismatch;
    });
    llvm::SmallVector<int64_t> shape(windows.sizes.begin(), windows.sizes.end());
    shape.append({1, channels * multiplier});
    return convolve(imageInput(call, inputs, format), weights.reshape(shape), windows, channels);
  }

private:
  ImageFormat format;
  int64_t multiplier;
  VariableDeclaration kernel;
  Windows windows;
};

/// activation(depthwise(x) + bias)
template <int64_t spatialRank> class DepthwiseConvolution : public LayerMeaning {
public:
  explicit DepthwiseConvolution(Config &config)
      : depthwise(config, spatialRank, "kernel"), end(config) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::vector<VariableDeclaration> variables = {depthwise.declare(place, inputs[0])};
    end.declare(variables, depthwise.countOutputs(place, inputs[0]));
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    return end.finish(call, depthwise.apply(call, inputs), 1, depthwise.getFormat());
  }

private:
  DepthwiseKernel depthwise;
  ConvolutionEnd end;
};

/// activation(convolution(depthwise(x), pointwise) + bias) with a pointwise kernel of size 1.
template <int64_t spatialRank> class SeparableConvolution : public LayerMeaning {
public:
  explicit SeparableConvolution(Config &config)
      : depthwise(config, spatialRank, "depthwise_kernel"), filters(config.positive("filters")),
        end(config),
        pointwise(readVariable(config, "pointwise_kernel", "glorot_uniform", "pointwise")) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::vector<VariableDeclaration> variables = {depthwise.declare(place, inputs[0]), pointwise};
    variables[1].shape.assign(spatialRank, 1);
    variables[1].shape.push_back(depthwise.countOutputs(place, inputs[0]));
    variables[1].shape.push_back(filters);
    end.declare(variables, filters);
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Extents ones(spatialRank, 1);
    Tensor y = convolve(depthwise.apply(call, inputs), call.variable(1), {ones, ones, ones});
    return end.finish(call, y, 2, depthwise.getFormat());
  }

private:
  DepthwiseKernel depthwise;
  int64_t filters;
  ConvolutionEnd end;
  VariableDeclaration pointwise;
};

} // namespace

const LayerEntry depthwiseConv1dLayer = {"DepthwiseConv1D",
                                         createFromConfig<DepthwiseConvolution<1>>};
const LayerEntry depthwiseConv2dLayer = {"DepthwiseConv2D",
                                         createFromConfig<DepthwiseConvolution<2>>};
const LayerEntry separableConv1dLayer = {"SeparableConv1D",
                                         createFromConfig<SeparableConvolution<1>>};
const LayerEntry separableConv2dLayer = {"SeparableConv2D",
                                         createFromConfig<SeparableConvolution<2>>};

} // namespace lamina::frontend::keras
