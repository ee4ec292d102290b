// Operations of keras.ops that cut images and sequences into pieces, or join them:
// keras/src/backend/tensorflow/nn.py, keras/src/ops/image.py
#include "frontend/keras/layers/convolutional/convolutions.h"
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/networks/call_images.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

int64_t readBlock(OperationCall &call) {
  int64_t block = call.settings.positive("block_size");
  if (block < 2)
    call.fail("'block_size' must be at least 2");
  return block;
}

/// Every pixel's channels become a block of pixels.
Tensors depthToSpace(OperationCall &call) {
  auto [x, format] = Images(call, "x");
  int64_t block = readBlock(call), height = x.dim(1), width = x.dim(2);
  if (block > x.dim(3) || x.dim(3) % (block * block) != 0)
    call.fail(
        fmt::format("cannot make blocks of {} x {} pixels of {} channels", block, block, x.dim(3)));
  int64_t channels = x.dim(3) / (block * block);
  Tensor split = x.reshape({x.dim(0), height, width, block, block, channels});
  Tensor moved = split.transpose({0, 1, 3, 2, 4, 5});
  return {
      format.fromChannelsLast(moved.reshape({x.dim(0), height * block, width * block, channels}))};
}

/// Every block of pixels becomes one.
Tensors spaceToDepth(OperationCall &call) {
  auto [x, format] = Images(call, "x");
  int64_t block = readBlock(call), height = x.dim(1) / block, width = x.dim(2) / block;
  if (x.dim(1) % block != 0 || x.dim(2) % block != 0)
    call.fail(fmt::format("blocks of {} x {} pixels do not divide an image of shape {}", block,
                          block, describeShape(x.shape())));
  Tensor split = x.reshape({x.dim(0), height, block, width, block, x.dim(3)});
  Tensor moved = split.transpose({0, 1, 3, 2, 4, 5});
  return {
      format.fromChannelsLast(moved.reshape({x.dim(0), height, width, block * block * x.dim(3)}))};
}

/// Windows of `size` elements along one dimension, `stride` apart and their elements `dilation`
/// apart; those are along a new dimension behind it.
Tensor frames(OperationCall &call, Tensor x, int64_t dimension, int64_t size, int64_t stride,
              int64_t dilation) {
  int64_t extent = x.dim(dimension), span = (size - 1) * dilation + 1;
  if (span > extent)
    call.fail(fmt::format("a window over {} elements does not fit dimension {} of shape {}", span,
                          dimension, describeShape(x.shape())));
  int64_t count = (extent - span) / stride + 1;
  llvm::SmallVector<int64_t> shape(x.shape()), places;
  shape[dimension] = count;
  shape.insert(shape.begin() + dimension + 1, size);
  checkSize(call.layer.place(), shape);
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < size; ++j)
      places.push_back(i * stride + j * dilation);
  bool isWhole = stride == size && dilation == 1;
  return (isWhole ? x.slice(dimension, 0, count * size) : pick(x, dimension, places))
      .reshape(shape);
}

/// Windows along the spatial dimensions of x (channels last), all elements of one as its channels:
/// in the order of `channelsLast`, or with the image's channel first.
Tensor takePatches(OperationCall &call, Tensor x, const Windows &windows, bool channelsLast) {
  size_t spatialRank = windows.sizes.size();
  llvm::SmallVector<int64_t> low(x.rank(), 0), high(x.rank(), 0), order = {0}, shape = {x.dim(0)};
  for (size_t i = 0; i < spatialRank; ++i)
    std::tie(low[i + 1], high[i + 1]) = windows.pad(i, x.dim(static_cast<int64_t>(i) + 1));
  x = pad(x, 0, low, high);
  int64_t elements = x.shape().back();
  for (size_t i = 0; i < spatialRank; ++i) {
    auto dimension = static_cast<int64_t>(2 * i) + 1;
    x = frames(call, x, dimension, windows.sizes[i], windows.strides[i], windows.dilations[i]);
    order.push_back(dimension);
    shape.push_back(x.dim(dimension));
    elements *= windows.sizes[i];
  }
  if (!channelsLast)
    order.push_back(x.rank() - 1);
  for (size_t i = 0; i < spatialRank; ++i)
    order.push_back(static_cast<int64_t>(2 * i) + 2);
  if (channelsLast)
    order.push_back(x.rank() - 1);
  shape.push_back(elements);
  return x.transpose(order).reshape(shape);
}

Tensors extractPatches(OperationCall &call) {
  const nlohmann::json &size = call.settings.raw("size");
  int64_t spatialRank = size.is_array() && size.size() == 3 ? 3 : 2;
  auto [pixels, format] = Images(call, "images", spatialRank);
  std::vector<int64_t> sizes = readSizes(call.settings, "size", spatialRank);
  Windows windows = Windows::read(call.settings, sizes, /*hasDilation=*/true,
                                  /*stridesDefaultToSizes=*/true);
  return {format.fromChannelsLast(takePatches(call, pixels, windows, /*channelsLast=*/true))};
}

/// PyTorch's: images with channels first, all patches one after another as the last dimension.
Tensors unfold(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (x.rank() != 4)
    call.fail(fmt::format("takes rows of images, got shape {}", describeShape(x.shape())));
  auto read = [&](const char *key, int64_t fallback, int64_t least) {
    auto given = call.settings.extents(key, 2, least).value_or(std::vector<int64_t>(2, fallback));
    return Extents(given.begin(), given.end());
  };
  std::vector<int64_t> sizes = readSizes(call.settings, "kernel_size", 2);
  Windows windows = {Extents(sizes.begin(), sizes.end()), read("stride", 1, 1),
                     read("dilation", 1, 1)};
  Extents margin = read("padding", 0, 0);
  x = x.transpose({0, 2, 3, 1});
  llvm::SmallVector<int64_t> margins = {0, margin[0], margin[1], 0};
  checkSize(call.layer.place(), {x.dim(1), margin[0]});
  checkSize(call.layer.place(), {x.dim(2), margin[1]});
  Tensor patches = takePatches(call, pad(x, 0, margins, margins), windows, /*channelsLast=*/false);
  Tensor joined =
      patches.reshape({patches.dim(0), patches.dim(1) * patches.dim(2), patches.dim(3)});
  return {joined.transpose({0, 2, 1})};
}

/// Elements of one dimension `step` apart, with zeros between them.
Tensor spreadOut(Tensor x, int64_t dimension, int64_t step) {
  if (step == 1)
    return x;
  llvm::SmallVector<int64_t> shape(x.shape()), low(x.rank() + 1, 0), high(low);
  int64_t count = x.dim(dimension);
  shape.insert(shape.begin() + dimension + 1, 1);
  high[dimension + 1] = step - 1;
  Tensor spaced = pad(x.reshape(shape), 0, low, high);
  shape.erase(shape.begin() + dimension + 1);
  shape[dimension] = count * step;
  return spaced.reshape(shape).slice(dimension, 0, (count - 1) * step + 1);
}

/// The sums of what the patches of `unfold` have for each pixel.
Tensors fold(OperationCall &call) {
  Tensor x = call.tensor("x");
  auto read = [&](const char *key, int64_t fallback, int64_t least) {
    return call.settings.extents(key, 2, least).value_or(std::vector<int64_t>(2, fallback));
  };
  std::vector<int64_t> sizes = readSizes(call.settings, "kernel_size", 2);
  std::vector<int64_t> output = readSizes(call.settings, "output_size", 2);
  std::vector<int64_t> dilation = read("dilation", 1, 1), margin = read("padding", 0, 0),
                       stride = read("stride", 1, 1), counts(2), whole(2);
  for (size_t i : {0, 1}) {
    checkSize(call.layer.place(), {sizes[i], dilation[i]});
    checkSize(call.layer.place(), {output[i], margin[i]});
    whole[i] = output[i] + 2 * margin[i];
    counts[i] = (whole[i] - dilation[i] * (sizes[i] - 1) - 1) / stride[i] + 1;
  }
  bool fits = x.rank() == 3 && counts[0] > 0 && counts[1] > 0 &&
              x.dim(1) % (sizes[0] * sizes[1]) == 0 && x.dim(2) == counts[0] * counts[1];
  if (!fits)
    call.fail(fmt::format("patches of shape {} are not those of {} x {} pixels",
                          describeShape(x.shape()), output[0], output[1]));
  int64_t channels = x.dim(1) / (sizes[0] * sizes[1]);
  x = x.reshape({x.dim(0), channels, sizes[0] * sizes[1], counts[0], counts[1]});
  Tensor result;
  for (int64_t i = 0; i < sizes[0] * sizes[1]; ++i) {
    Tensor part = x.slice(2, i, i + 1).reshape({x.dim(0), channels, counts[0], counts[1]});
    llvm::SmallVector<int64_t> low(4, 0), high(4, 0);
    for (size_t d : {0, 1}) {
      auto dimension = static_cast<int64_t>(d) + 2;
      part = spreadOut(part, dimension, stride[d]);
      low[dimension] = (d == 0 ? i / sizes[1] : i % sizes[1]) * dilation[d];
      high[dimension] = whole[d] - low[dimension] - part.dim(dimension);
    }
    part = pad(part, 0, low, high);
    result = result ? result + part : part;
  }
  return {
      result.slice(2, margin[0], margin[0] + output[0]).slice(3, margin[1], margin[1] + output[1])};
}

/// Windows along the last dimension, as a dimension of their own before the elements'.
Tensors extractSequences(OperationCall &call) {
  Tensor x = call.tensor("x");
  int64_t last = normalizeAxis(call.layer.place(), -1, x.rank());
  refuseRows(call, x, last, "takes windows of");
  return {frames(call, x, last, call.settings.positive("sequence_length"),
                 call.settings.positive("sequence_stride"), 1)};
}

} // namespace

llvm::ArrayRef<OperationEntry> patchOperations() {
  static const OperationEntry entries[] = {
      {"DepthToSpace", {"x"}, depthToSpace},         {"ExtractPatches", {"images"}, extractPatches},
      {"ExtractSequences", {"x"}, extractSequences}, {"Fold", {"x"}, fold},
      {"SpaceToDepth", {"x"}, spaceToDepth},         {"Unfold", {"x"}, unfold},
  };
  return entries;
}

} // namespace lamina::frontend::keras
