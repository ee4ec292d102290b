// Operations of keras.ops on images: keras/src/backend/tensorflow/image.py, nn.py,
// keras/src/ops/image.py
#include <cmath>

#include "frontend/keras/layers/augmentation/colors.h"
#include "frontend/keras/layers/augmentation/warp.h"
#include "frontend/keras/layers/convolutional/convolutions.h"
#include "frontend/keras/operations/networks/call_images.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

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

/// Each image (rows x height x width x channels) seen through a projective map (8 numbers for every
/// row or for all) from places of the result to places of the image.
Tensor project(Tensor images, Tensor maps, const Sampling &sampling) {
  auto number = [&](int64_t index) {
    return maps.slice(1, index, index + 1).reshape({maps.dim(0), 1, 1});
  };
  auto [x, y] = ownPlaces(images);
  Tensor scale = number(6) * x + number(7) * y + 1.0;
  Places places = {(number(0) * x + number(1) * y + number(2)) / scale,
                   (number(3) * x + number(4) * y + number(5)) / scale};
  return warp(images, places, sampling);
}

Tensors affineTransform(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  Tensor maps = stopGradient(call.floatTensor("transform")); // as on TensorFlow
  if (maps.rank() == 1)
    maps = maps.reshape({1, maps.dim(0)});
  if (maps.rank() != 2 || maps.dim(1) != 8 || (maps.dim(0) != 1 && maps.dim(0) != pixels.dim(0)))
    call.fail(fmt::format("a 'transform' of shape {} is not 8 numbers, or 8 for each row",
                          describeShape(maps.shape())));
  Tensor result = project(pixels.toFloat(), maps, Sampling::read(call.settings, "constant"));
  return {format.fromChannelsLast(result.convert(pixels.elementType()))};
}

/// Four points (x, y) for every row or for all, as rows x 4 x 1 each.
std::pair<Tensor, Tensor> readPoints(OperationCall &call, const char *key, int64_t rows) {
  Tensor given = call.floatTensor(key), points = stopGradient(given); // as on TensorFlow
  if (points.rank() == 2)
    points = points.reshape({1, points.dim(0), points.dim(1)});
  if (points.rank() != 3 || points.dim(1) != 4 || points.dim(2) != 2 ||
      (points.dim(0) != 1 && points.dim(0) != rows))
    call.fail(fmt::format("'{}' of shape {} is not four points, or four for each row", key,
                          describeShape(given.shape())));
  return {points.slice(2, 0, 1), points.slice(2, 1, 2)};
}

/// The projective map that shows at the end points what the images have at the start points.
Tensors perspectiveTransform(OperationCall &call) {
  auto [pixels, format] = Images(call, "images");
  auto [startX, startY] = readPoints(call, "start_points", pixels.dim(0));
  auto [endX, endY] = readPoints(call, "end_points", pixels.dim(0));
  if (startX.shape() != endX.shape())
    call.fail("takes as many start points as end points");
  Tensor one = endX.like(1).broadcastTo(endX.shape()),
         zero = endX.like(0).broadcastTo(endX.shape());
  Tensor ofX = concatenate({endX, endY, one, zero, zero, zero, -startX * endX, -startX * endY}, 2);
  Tensor ofY = concatenate({zero, zero, zero, endX, endY, one, -startY * endX, -startY * endY}, 2);
  Tensor maps = solveLinear(concatenate({ofX, ofY}, 1), concatenate({startX, startY}, 1));
  maps = maps.reshape({maps.dim(0), 8});
  Tensor result = project(pixels.toFloat(), maps, Sampling::read(call.settings, "constant"));
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

/// How alike the structures of two images are, from -1 to 1: the mean over places and channels
/// (Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
/// structural similarity", 2004).
Tensors structuralSimilarity(OperationCall &call) {
  auto [given, format] = Images(call, "image1");
  Tensor a = given.toFloat(), b = Images(call, "image2").pixels.toFloat();
  if (a.shape() != b.shape())
    call.fail(fmt::format("takes images of one shape, got {} and {}", describeShape(a.shape()),
                          describeShape(b.shape())));
  int64_t size = call.settings.has("filter_size") ? call.settings.positive("filter_size") : 11;
  if (size > a.dim(1) || size > a.dim(2))
    call.fail(fmt::format("a filter of {0} x {0} pixels does not fit images of shape {1}", size,
                          describeShape(a.shape())));
  std::vector<double> line = gaussian(size, call.settings.number("filter_sigma", 1.5)), filter;
  for (double y : line)
    for (double x : line)
      filter.push_back(y * x);
  double most = call.settings.number("max_val", 1.0);
  auto constant = [&](const char *key, double fallback) {
    return std::pow(call.settings.number(key, fallback) * most, 2);
  };
  double c1 = constant("k1", 0.01), c2 = constant("k2", 0.03);
  auto average = [&](Tensor x) {
    return filterChannels(x, filter, {size, size, 1}, Windows::Padding::Valid);
  };
  Tensor meanA = average(a), meanB = average(b);
  Tensor varianceA = average(a * a) - meanA * meanA, varianceB = average(b * b) - meanB * meanB;
  Tensor covariance = average(a * b) - meanA * meanB;
  Tensor likeness = (2.0 * meanA * meanB + c1) * (2.0 * covariance + c2) /
                    ((meanA * meanA + meanB * meanB + c1) * (varianceA + varianceB + c2));
  return {mean(likeness, {1, 2, 3}).convert(given.elementType())};
}

} // namespace

llvm::ArrayRef<OperationEntry> imageOperations() {
  static const OperationEntry entries[] = {
      {"AffineTransform", {"images", "transform"}, affineTransform},
      {"HSVToRGB", {"images"}, changeColors<hsvToRgb>},
      {"RGBToHSV", {"images"}, changeColors<rgbToHsv>},
      {"GaussianBlur", {"images"}, gaussianBlur},
      {"PerspectiveTransform", {"images", "start_points", "end_points"}, perspectiveTransform},
      {"RGBToGrayscale", {"images"}, toGrayscale},
      {"SSIM", {"image1", "image2"}, structuralSimilarity},
      {"SobelEdges", {"images"}, sobelEdges},
  };
  return entries;
}

} // namespace lamina::frontend::keras
