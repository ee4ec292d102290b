// Operations of keras.ops on images: keras/src/backend/tensorflow/image.py, nn.py,
// keras/src/ops/image.py
#include "frontend/keras/layers/images.h"

#include <cmath>

#include "frontend/keras/layers/augmentation/colors.h"
#include "frontend/keras/layers/augmentation/warp.h"
#include "frontend/keras/layers/convolutional/convolutions.h"
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Images with channels last, the format that the call gives them in, and back.
struct Images {
  Tensor pixels;
  ImageFormat format;

  Images(OperationCall &call, const char *key, int64_t spatialRank = 2)
      : format(call.settings, spatialRank) {
    Tensor given = call.tensor(key);
    format.split(call.layer.place(), given.shape()); // refuses another rank
    pixels = format.toChannelsLast(given);
  }
};

Tensors toGrayscale(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  int64_t channels = pixels.shape().back();
  if (channels != 1 && channels != 3)
    call.fail(fmt::format("takes images of 1 or 3 channels, not {}", channels));
  if (channels == 1)
    return {format.fromChannelsLast(pixels)};
  Tensor gray = rgbToGrayscale(pixels.toFloat());
  return {format.fromChannelsLast(gray.convert(pixels.elementType()))};
}

/// A change of colors of floating-point images.
template <Tensor (*convert)(Tensor)> Tensors changeColors(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  if (pixels.dim(3) != 3)
    call.fail(fmt::format("takes images of 3 channels, not {}", pixels.dim(3)));
  if (!pixels.isFloat())
    call.fail("takes floating-point images; cast them");
  return {format.fromChannelsLast(convert(pixels))};
}

/// Each image seen through a projective map from places of the result to places of the image.
Tensors affineTransform(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  Tensor maps = stopGradient(call.floatTensor("transform")); // as on TensorFlow
  if (maps.rank() == 1)
    maps = maps.reshape({1, maps.dim(0)});
  if (maps.rank() != 2 || maps.dim(1) != 8 || (maps.dim(0) != 1 && maps.dim(0) != pixels.dim(0)))
    call.fail(fmt::format("a 'transform' of shape {} is not 8 numbers, or 8 for each row",
                          describeShape(maps.shape())));
  auto number = [&](int64_t index) {
    return maps.slice(1, index, index + 1).reshape({maps.dim(0), 1, 1});
  };
  Tensor images = pixels.toFloat();
  auto [x, y] = ownPlaces(images);
  Tensor scale = number(6) * x + number(7) * y + 1.0;
  Places places = {(number(0) * x + number(1) * y + number(2)) / scale,
                   (number(3) * x + number(4) * y + number(5)) / scale};
  Tensor result = warp(images, places, Sampling::read(call.settings, "constant"));
  return {format.fromChannelsLast(result.convert(pixels.elementType()))};
}

//===--- Filters -----------------------------------------------------------------------------===//

/// Each channel under the same filters (row-major, height x width x filters): channel c's result
/// of filter f is channel c * filters + f.
Tensor filterChannels(Tensor x, ArrayRef<double> values, ArrayRef<int64_t> shape,
                      Windows::Padding padding) {
  int64_t channels = x.shape().back();
  Tensor filters = x.emit().constant(x.elementType(), values, shape);
  Tensor kernel = filters.broadcastInDim({shape[0], shape[1], channels, shape[2]}, {0, 1, 3});
  Windows windows = {{shape[0], shape[1]}, {1, 1}, {1, 1}, padding};
  return convolve(x, kernel.reshape({shape[0], shape[1], 1, channels * shape[2]}), windows,
                  channels);
}

/// Differences along height and width, by Sobel's filters over images mirrored at their edges.
Tensors sobelEdges(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  Tensor x = pixels.toFloat();
  for (int64_t dimension : {1, 2})
    x = mirror(call, x, dimension, 1, 1, /*repeatsEdge=*/false);
  constexpr double kFilters[] = {-1, -1, -2, 0, -1, 1, 0, -2, 0, 0, 0, 2, 1, -1, 2, 0, 1, 1};
  Tensor edges = filterChannels(x, kFilters, {3, 3, 2}, Windows::Padding::Valid);
  llvm::SmallVector<int64_t> shape(pixels.shape());
  shape.push_back(2);
  edges = edges.reshape(shape);
  bool isLast = format.getFirstSpatial() == 1;
  return {isLast ? edges : edges.transpose({0, 3, 1, 2, 4})};
}

/// exp(-d^2 / (2 sigma^2)) at the distances from the middle, divided by their sum.
std::vector<double> gaussian(int64_t size, double sigma) {
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    double distance = static_cast<double>(i) - static_cast<double>(size - 1) / 2;
    weights.push_back(std::exp(-0.5 * distance * distance / (sigma * sigma)));
    sum += weights.back();
  }
  for (double &weight : weights)
    weight /= sum;
  return weights;
}

/// Keras takes the first size for the width and the second for the height of its weights, which it
/// then reads row by row as a filter of the first size's height.
Tensors gaussianBlur(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  auto sizes = call.settings.extents("kernel_size", 2).value_or(std::vector<int64_t>{3, 3});
  Config::Numbers sigmas = call.settings.numbers("sigma", 1);
  if (sigmas.values.size() > 2)
    call.fail("'sigma' must be a number or two");
  checkSize(call.layer.place(), {sizes[0], sizes[1], pixels.shape().back()});
  std::vector<double> across = gaussian(sizes[0], sigmas.values.front());
  std::vector<double> down = gaussian(sizes[1], sigmas.values.back()), filter;
  for (double y : down)
    for (double x : across)
      filter.push_back(y * x);
  return {format.fromChannelsLast(
      filterChannels(pixels.toFloat(), filter, {sizes[0], sizes[1], 1}, Windows::Padding::Same))};
}

//===--- Blocks and patches ------------------------------------------------------------------===//

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

/// Windows along the last dimension, as a dimension of their own before the elements'.
Tensors extractSequences(OperationCall &call) {
  Tensor x = call.tensor("x");
  int64_t last = normalizeAxis(call.layer.place(), -1, x.rank());
  refuseRows(call, x, last, "takes windows of");
  return {frames(call, x, last, call.settings.positive("sequence_length"),
                 call.settings.positive("sequence_stride"), 1)};
}

} // namespace

llvm::ArrayRef<OperationEntry> imageOperations() {
  static const OperationEntry entries[] = {
      {"AffineTransform", {"images", "transform"}, affineTransform},
      {"HSVToRGB", {"images"}, changeColors<hsvToRgb>},
      {"RGBToHSV", {"images"}, changeColors<rgbToHsv>},
      {"DepthToSpace", {"x"}, depthToSpace},
      {"ExtractPatches", {"images"}, extractPatches},
      {"ExtractSequences", {"x"}, extractSequences},
      {"GaussianBlur", {"images"}, gaussianBlur},
      {"RGBToGrayscale", {"images"}, toGrayscale},
      {"SobelEdges", {"images"}, sobelEdges},
      {"SpaceToDepth", {"x"}, spaceToDepth},
      {"Unfold", {"x"}, unfold},
  };
  return entries;
}

} // namespace lamina::frontend::keras
