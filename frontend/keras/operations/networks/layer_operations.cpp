// Operations of keras.ops that mean what a layer does, with tensors of the call in the place of
// its variables: keras/src/ops/nn.py, image.py
#include "frontend/keras/config/registry.h"
#include "frontend/keras/model/inner_layer.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using nlohmann::json;

/// The call of a layer whose variables are tensors at hand.
class CallWithTensors : public InnerCall {
public:
  CallWithTensors(LayerCall &outer, ArrayRef<Tensor> variables)
      : InnerCall(outer), variables(variables) {}

  Tensor variable(size_t index) override { return variables[index]; }
  void assign(size_t, Tensor) override { assert(false && "tensors are not assigned"); }

private:
  ArrayRef<Tensor> variables;
};

/// The layer `className`, in which {} stands for the number of x's spatial dimensions, with this
/// configuration.
Tensors callLayer(OperationCall &call, const char *className, json config, Tensor x,
                  ArrayRef<Tensor> variables = {}) {
  int64_t spatialRank = x.rank() - 2;
  if (spatialRank < 1 || spatialRank > 3)
    call.fail(fmt::format("takes rows of images with one to three spatial dimensions, got shape {}",
                          describeShape(x.shape())));
  std::string name = fmt::format(fmt::runtime(className), spatialRank);
  CallWithTensors layer(call.layer, variables);
  return createLayer(call.layer.place(), {name, "keras.layers", std::move(config)})
      ->call(layer, {x});
}

/// The settings of these names as they are in the file.
json takeSettings(OperationCall &call, std::initializer_list<const char *> keys) {
  json settings = json::object();
  for (const char *key : keys)
    settings[key] = call.settings.raw(key);
  return settings;
}

//===--- Pooling -----------------------------------------------------------------------------===//

/// As pooling layers are configured.
Tensors pool(OperationCall &call, const char *className) {
  return callLayer(call, className,
                   takeSettings(call, {"pool_size", "strides", "padding", "data_format"}),
                   call.floatTensor("inputs"));
}
Tensors maxPool(OperationCall &call) {
  return pool(call, "MaxPooling{}D");
}
Tensors averagePool(OperationCall &call) {
  return pool(call, "AveragePooling{}D");
}

//===--- Convolutions ------------------------------------------------------------------------===//

/// A kernel for images x, in their type.
Tensor readKernel(OperationCall &call, const char *key, Tensor x) {
  Tensor kernel = call.floatTensor(key).convert(x.elementType());
  if (!kernel.type().hasStaticShape())
    call.fail("has other kernels for each row, which is not supported");
  if (kernel.rank() != x.rank())
    call.fail(fmt::format("a kernel of shape {} does not fit images of shape {}",
                          describeShape(kernel.shape()), describeShape(x.shape())));
  return kernel;
}

json convolutionSettings(OperationCall &call, Tensor kernel) {
  json settings = takeSettings(call, {"strides", "padding", "data_format", "dilation_rate"});
  for (const char *key : {"strides", "dilation_rate"})
    if (settings[key].is_null())
      settings[key] = 1;
  settings["kernel_size"] = std::vector<int64_t>(kernel.shape().begin(), kernel.shape().end() - 2);
  settings["use_bias"] = false;
  return settings;
}

Tensors convolution(OperationCall &call) {
  Tensor x = call.floatTensor("inputs"), kernel = readKernel(call, "kernel", x);
  json settings = convolutionSettings(call, kernel);
  settings["filters"] = kernel.shape().back();
  return callLayer(call, "Conv{}D", settings, x, {kernel});
}

Tensors depthwiseConvolution(OperationCall &call) {
  Tensor x = call.floatTensor("inputs"), kernel = readKernel(call, "kernel", x);
  json settings = convolutionSettings(call, kernel);
  settings["depth_multiplier"] = kernel.shape().back();
  return callLayer(call, "DepthwiseConv{}D", settings, x, {kernel});
}

Tensors separableConvolution(OperationCall &call) {
  Tensor x = call.floatTensor("inputs"), depthwise = readKernel(call, "depthwise_kernel", x);
  Tensor pointwise = readKernel(call, "pointwise_kernel", x);
  json settings = convolutionSettings(call, depthwise);
  settings["depth_multiplier"] = depthwise.shape().back();
  settings["filters"] = pointwise.shape().back();
  int64_t channels = depthwise.dim(x.rank() - 2) * depthwise.shape().back();
  if (pointwise.elementsPerRow() != channels * pointwise.shape().back() ||
      pointwise.dim(x.rank() - 2) != channels)
    call.fail(fmt::format("a pointwise kernel of shape {} does not combine {} channels",
                          describeShape(pointwise.shape()), channels));
  return callLayer(call, "SeparableConv{}D", settings, x, {depthwise, pointwise});
}

//===--- Sizes of images ---------------------------------------------------------------------===//

Tensors resize(OperationCall &call) {
  json settings =
      takeSettings(call, {"interpolation", "antialias", "crop_to_aspect_ratio",
                          "pad_to_aspect_ratio", "fill_mode", "fill_value", "data_format"});
  std::vector<int64_t> size = call.settings.integers("size").value_or(std::vector<int64_t>{});
  if (size.size() != 2)
    call.fail("'size' must be a height and a width");
  settings["height"] = size[0];
  settings["width"] = size[1];
  return callLayer(call, "Resizing", settings, call.floatTensor("images"));
}

/// What is added to (`sign` 1) or taken from (-1) both ends of the height or width of `extent`:
/// one end may follow from the size that is to come out.
json readMargin(OperationCall &call, const char *low, const char *high, const char *target,
                int64_t extent, int64_t sign) {
  std::optional<int64_t> before = call.settings.optionalInteger(low);
  std::optional<int64_t> after = call.settings.optionalInteger(high);
  std::optional<int64_t> size = call.settings.optionalInteger(target);
  if (!before + !after + !size != 1)
    call.fail(fmt::format("needs exactly two of '{}', '{}' and '{}'", low, high, target));
  int64_t known = before.value_or(0) + after.value_or(0);
  int64_t rest = size ? (*size - extent) * sign - known : 0;
  return {before.value_or(rest), after.value_or(rest)};
}

template <bool crops> Tensors changeMargins(OperationCall &call) {
  const char *what = crops ? "cropping" : "padding";
  auto key = [&](const char *side) { return fmt::format("{}_{}", side, what); };
  Tensor x = call.tensor("images");
  json settings = takeSettings(call, {"data_format"});
  int64_t first = settings["data_format"] == "channels_first" ? 2 : 1;
  if (x.rank() != 4)
    call.fail(fmt::format("takes rows of images, got shape {}", describeShape(x.shape())));
  int64_t sign = crops ? -1 : 1;
  settings[what] = {readMargin(call, key("top").c_str(), key("bottom").c_str(), "target_height",
                               x.dim(first), sign),
                    readMargin(call, key("left").c_str(), key("right").c_str(), "target_width",
                               x.dim(first + 1), sign)};
  return callLayer(call, crops ? "Cropping2D" : "ZeroPadding2D", settings, x);
}

} // namespace

llvm::ArrayRef<OperationEntry> layerOperations() {
  static const OperationEntry entries[] = {
      {"AveragePool", {"inputs"}, averagePool},
      {"Conv", {"inputs", "kernel"}, convolution},
      {"CropImages", {"images"}, changeMargins<true>},
      {"DepthwiseConv", {"inputs", "kernel"}, depthwiseConvolution},
      {"MaxPool", {"inputs"}, maxPool},
      {"PadImages", {"images"}, changeMargins<false>},
      {"Resize", {"images"}, resize},
      {"SeparableConv", {"inputs", "depthwise_kernel", "pointwise_kernel"}, separableConvolution},
  };
  return entries;
}

} // namespace lamina::frontend::keras
