// keras.layers.Conv1D, Conv2D, Conv3D: keras/src/layers/convolutional/base_conv.py, conv1d.py
#include "frontend/keras/layers/convolutional/convolutions.h"

using namespace mlir;

namespace lamina::frontend::keras {

ConvolutionEnd::ConvolutionEnd(Config &config)
    : useBias(config.boolean("use_bias", true)),
      activation(createActivation(config.where(), config.raw("activation"))),
      bias(readVariable(config, "bias", "zeros")) {}

void ConvolutionEnd::declare(std::vector<VariableDeclaration> &variables, int64_t filters) const {
  if (!useBias)
    return;
  variables.push_back(bias);
  variables.back().shape = {filters};
}

Tensors ConvolutionEnd::finish(LayerCall &call, Tensor y, size_t biasIndex,
                               const ImageFormat &format) const {
  if (useBias)
    y = y + call.variable(biasIndex);
  return {activation(call, format.fromChannelsLast(y))};
}

void refuseStridesWithDilation(Config &config, const Windows &windows) {
  auto isAboveOne = [](int64_t extent) { return extent > 1; };
  if (llvm::any_of(windows.strides, isAboveOne) && llvm::any_of(windows.dilations, isAboveOne))
    config.fail(fmt::format("'strides' {} and 'dilation_rate' {} cannot both be above 1",
                            describeExtents(windows.strides), describeExtents(windows.dilations)));
}

std::string findChannelMismatch(int64_t expected, int64_t channels) {
  if (expected == channels)
    return "";
  return fmt::format("the kernel takes {} channel{}, not {}", expected, expected == 1 ? "" : "s",
                     channels);
}

namespace {

/// activation(convolution(x, kernel) + bias); kernel K... x C / groups x filters.
template <int64_t spatialRank> class Convolution : public LayerMeaning {
public:
  explicit Convolution(Config &config)
      : format(config, spatialRank), filters(config.positive("filters")),
        groups(config.has("groups") ? config.positive("groups") : 1), end(config),
        kernel(readVariable(config, "kernel", "glorot_uniform")) {
    config.ignore({"groups"});
    windows = Windows::read(config, readSizes(config, "kernel_size", spatialRank), true, false,
                            spatialRank == 1);
    refuseStridesWithDilation(config, windows);
    if (filters % groups != 0)
      config.fail(fmt::format("{} groups do not divide {} filters", groups, filters));
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    ArrayRef<int64_t> shape = inputs[0].getShape();
    format.require(place, shape, [&](const ImageShape &image) {
      if (image.channels % groups != 0)
        return fmt::format("{} groups do not divide {} channels", groups, image.channels);
      return windows.findMisfit("kernel", image.spatial);
    });
    std::vector<VariableDeclaration> variables = {kernel};
    variables[0].shape.assign(windows.sizes.begin(), windows.sizes.end());
    variables[0].shape.push_back(format.split(place, shape).channels / groups);
    variables[0].shape.push_back(filters);
    end.declare(variables, filters);
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor weights = call.variable(0);
    format.require(call.place(), singleInput(call, inputs).shape(), [&](const ImageShape &image) {
      std::string mismatch = findChannelMismatch(weights.dim(spatialRank) * groups, image.channels);
      return mismatch.empty() ? windows.findMisfit("kernel", image.spatial) : mismatch;
    });
    Tensor y = convolve(imageInput(call, inputs, format), weights, windows, groups);
    return end.finish(call, y, 1, format);
  }

private:
  ImageFormat format;
  int64_t filters, groups;
  ConvolutionEnd end;
  VariableDeclaration kernel;
  Windows windows;
};

} // namespace

std::vector<int64_t> readSizes(Config &config, const char *key, size_t spatialRank) {
  auto sizes = config.extents(key, spatialRank);
  if (!sizes)
    config.fail(fmt::format("'{}' is missing from the configuration", key));
  return *sizes;
}

const LayerEntry conv1dLayer = {"Conv1D", createFromConfig<Convolution<1>>};
const LayerEntry conv2dLayer = {"Conv2D", createFromConfig<Convolution<2>>};
const LayerEntry conv3dLayer = {"Conv3D", createFromConfig<Convolution<3>>};

} // namespace lamina::frontend::keras
