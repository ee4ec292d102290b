// keras.layers.Conv1DTranspose, Conv2DTranspose, Conv3DTranspose:
// keras/src/layers/convolutional/base_conv_transpose.py, backend/common/backend_utils.py
#include "frontend/keras/layers/convolutional/convolutions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// activation(y + bias), where y is the data gradient of the convolution that has the same strides,
/// dilations and padding and goes from y's shape to x's; kernel K... x filters x C.
template <int64_t spatialRank> class TransposedConvolution : public LayerMeaning {
public:
  explicit TransposedConvolution(Config &config)
      : format(config, spatialRank), filters(config.positive("filters")), end(config),
        kernel(readVariable(config, "kernel", "glorot_uniform")) {
    windows = Windows::read(config, readSizes(config, "kernel_size", spatialRank), true, false);
    refuseStridesWithDilation(config, windows);
    outputPadding = config.extents("output_padding", spatialRank, 0);
    for (int64_t i = 0; outputPadding && i < spatialRank; ++i)
      if ((*outputPadding)[i] >= windows.strides[i])
        config.fail(fmt::format("'output_padding' {} must be less than 'strides' {} everywhere",
                                describeExtents(*outputPadding), describeExtents(windows.strides)));
  }

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    std::vector<VariableDeclaration> variables = {kernel};
    variables[0].shape.assign(windows.sizes.begin(), windows.sizes.end());
    variables[0].shape.push_back(filters);
    variables[0].shape.push_back(format.split(place, inputs[0].getShape()).channels);
    end.declare(variables, filters);
    return variables;
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor weights = call.variable(0);
    ArrayRef<int64_t> shape = singleInput(call, inputs).shape();
    format.require(call.place(), shape, [&](const ImageShape &image) {
      std::string mismatch = findChannelMismatch(weights.dim(spatialRank + 1), image.channels);
      return mismatch.empty() ? findMisfit(image) : mismatch;
    });
    checkResult(call, shape);
    return end.finish(call, transposed(imageInput(call, inputs, format), weights), 1, format);
  }

private:
  /// The extent of the result along spatial dimension i.
  int64_t getOutput(size_t i, int64_t n) const {
    int64_t stride = windows.strides[i], span = windows.span(i);
    if (windows.padding == Windows::Padding::Valid)
      return (n - 1) * stride +
             (outputPadding ? span + (*outputPadding)[i] : std::max(span, stride));
    return outputPadding ? (n - 1) * stride + span % 2 + (*outputPadding)[i] : n * stride;
  }

  /// Why there is no convolution from the result back to x.
  std::string findMisfit(const ImageShape &image) const {
    if (windows.padding == Windows::Padding::Valid)
      return "";
    for (auto [i, n] : llvm::enumerate(image.spatial)) {
      int64_t output = getOutput(i, n);
      if (llvm::divideCeil(output, windows.strides[i]) != static_cast<uint64_t>(n))
        return fmt::format("'output_padding' {} makes {} elements of spatial dimension {} of {}, "
                           "from which strides of {} do not lead back",
                           describeExtents(*outputPadding), output, i, n, windows.strides[i]);
    }
    return "";
  }

  /// Before any operation of that size is built.
  void checkResult(LayerCall &call, ArrayRef<int64_t> shape) const {
    llvm::SmallVector<int64_t> result = {shape[0], filters};
    for (auto [i, n] : llvm::enumerate(format.split(call.place(), shape).spatial)) {
      int64_t reach = 0;
      if (llvm::MulOverflow(n, windows.strides[i], reach) || reach > int64_t(1) << 60)
        call.fail(fmt::format("'strides' {} are too large", describeExtents(windows.strides)));
      result.push_back(getOutput(i, n));
    }
    checkSize(call.place(), result);
  }

  /// x with strides as its dilation under the kernel turned around.
  Tensor transposed(Tensor x, Tensor weights) const {
    Extents low, high, ones(spatialRank, 1);
    llvm::SmallVector<int64_t> exchanged;
    for (int64_t i = 0; i < spatialRank; ++i) {
      int64_t n = x.dim(i + 1), output = getOutput(i, n);
      int64_t dilated = (n - 1) * windows.strides[i] + 1;
      low.push_back(windows.span(i) - 1 - windows.pad(i, output).first);
      high.push_back(output - 1 + windows.span(i) - dilated - low.back());
      exchanged.push_back(i);
    }
    exchanged.append({spatialRank + 1, spatialRank});
    Tensor filter = weights.transpose(exchanged);
    return x.with(x.emit().create<ir::ConvolutionOp>(Value(x), Value(filter), ones, low, high,
                                                     windows.strides, windows.dilations, 1, true));
  }

  ImageFormat format;
  int64_t filters;
  ConvolutionEnd end;
  VariableDeclaration kernel;
  Windows windows;
  std::optional<std::vector<int64_t>> outputPadding;
};

} // namespace

const LayerEntry conv1dTransposeLayer = {"Conv1DTranspose",
                                         createFromConfig<TransposedConvolution<1>>};
const LayerEntry conv2dTransposeLayer = {"Conv2DTranspose",
                                         createFromConfig<TransposedConvolution<2>>};
const LayerEntry conv3dTransposeLayer = {"Conv3DTranspose",
                                         createFromConfig<TransposedConvolution<3>>};

} // namespace lamina::frontend::keras
