// keras.layers.Resizing, CenterCrop: keras/src/layers/preprocessing/image_preprocessing/,
// keras/src/utils/image_utils.py, keras/src/backend/tensorflow/image.py
#include <cmath>

#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

enum class Interpolation { Nearest, Bilinear };

/// Where the n elements of a dimension are looked at for `outputs` ones: at the centers of equal
/// parts (tf.image.resize), in single precision as TensorFlow computes them.
llvm::SmallVector<float> findCenters(int64_t n, int64_t outputs) {
  float scale = static_cast<float>(n) / static_cast<float>(outputs);
  llvm::SmallVector<float> centers;
  for (int64_t i = 0; i < outputs; ++i)
    centers.push_back((static_cast<float>(i) + 0.5f) * scale);
  return centers;
}

Tensor resizeNearest(Tensor x, int64_t dimension, int64_t outputs) {
  int64_t n = x.dim(dimension);
  llvm::SmallVector<int64_t> places;
  for (float center : findCenters(n, outputs))
    places.push_back(std::min(static_cast<int64_t>(std::floor(center)), n - 1));
  return pick(x, dimension, places);
}

/// Between the two elements around each center; at the border the outermost one.
Tensor resizeLinear(Tensor x, int64_t dimension, int64_t outputs) {
  int64_t n = x.dim(dimension);
  llvm::SmallVector<int64_t> low, high, shape(x.rank() - dimension, 1);
  llvm::SmallVector<double> fractions;
  for (float center : findCenters(n, outputs)) {
    float place = center - 0.5f, below = std::floor(place);
    low.push_back(std::max<int64_t>(static_cast<int64_t>(below), 0));
    high.push_back(std::min(static_cast<int64_t>(std::ceil(place)), n - 1));
    fractions.push_back(place - below);
  }
  shape[0] = outputs;
  Tensor first = pick(x, dimension, low), second = pick(x, dimension, high);
  return first + (second - first) * x.emit().constant(fractions, shape);
}

/// The spatial dimensions of x (channels last) brought to `size`; from the last on, as TensorFlow
/// interpolates along rows first.
Tensor resize(Tensor x, ArrayRef<int64_t> size, Interpolation interpolation) {
  auto along = interpolation == Interpolation::Nearest ? resizeNearest : resizeLinear;
  for (int64_t dimension : {2, 1})
    if (x.dim(dimension) != size[dimension - 1])
      x = along(x, dimension, size[dimension - 1]);
  return x;
}

/// Height and width of an image that has the shape of `size`, as large as possible with one of the
/// image's own: {width * size / size, …}.
std::pair<int64_t, int64_t> matchAspect(Tensor x, ArrayRef<int64_t> size) {
  auto scaled = [](int64_t extent, int64_t numerator, int64_t denominator) {
    return static_cast<int64_t>(static_cast<double>(extent) * static_cast<double>(numerator) /
                                static_cast<double>(denominator));
  };
  return {scaled(x.dim(2), size[0], size[1]), scaled(x.dim(1), size[1], size[0])};
}

/// The largest part in the middle of x with the shape of `size`.
Tensor cropToAspect(Tensor x, ArrayRef<int64_t> size) {
  auto [height, width] = matchAspect(x, size);
  height = std::max<int64_t>(std::min(x.dim(1), height), 1);
  width = std::max<int64_t>(std::min(x.dim(2), width), 1);
  int64_t top = (x.dim(1) - height) / 2, left = (x.dim(2) - width) / 2;
  return x.slice(1, top, top + height).slice(2, left, left + width);
}

/// x with a border that gives it the shape of `size`, as wide on both sides.
Tensor padToAspect(Tensor x, ArrayRef<int64_t> size, double value) {
  auto [height, width] = matchAspect(x, size);
  int64_t top = (std::max(x.dim(1), height) - x.dim(1)) / 2;
  int64_t left = (std::max(x.dim(2), width) - x.dim(2)) / 2;
  llvm::SmallVector<int64_t> margin = {0, top, left, 0}, interior(4, 0);
  return x.with(
      x.emit().create<ir::PadOp>(Value(x), Value(x.like(value)), margin, margin, interior));
}

/// Height and width, which have to be there.
std::vector<int64_t> readSize(Config &config) {
  return {config.positive("height"), config.positive("width")};
}

void checkResult(const LayerCall &call, Tensor x, ArrayRef<int64_t> size) {
  checkSize(call.place(), {x.dim(0), size[0], size[1], x.dim(3)});
}

/// Integers are interpolated between and rounded to integers again.
class Resizing : public LayerMeaning {
public:
  explicit Resizing(Config &config)
      : size(readSize(config)), format(config, 2),
        crops(config.boolean("crop_to_aspect_ratio", false)),
        pads(config.boolean("pad_to_aspect_ratio", false)),
        fillValue(config.number("fill_value", 0)) {
    std::string kind = config.text("interpolation", "bilinear");
    if (kind != "bilinear" && kind != "nearest")
      config.fail(fmt::format("'interpolation' {} is not supported; nearest and bilinear are",
                              printable(kind)));
    interpolation = kind == "nearest" ? Interpolation::Nearest : Interpolation::Bilinear;
    if (config.text("fill_mode", "constant") != "constant")
      config.fail("'fill_mode' must be constant");
    if (crops && pads)
      config.fail("'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' cannot both be true");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    format.split(call.place(), x.shape()); // refuses another rank
    mlir::Type type = x.elementType();
    x = format.toChannelsLast(interpolation == Interpolation::Nearest ? x : x.toFloat());
    checkResult(call, x, size);
    if (crops)
      x = cropToAspect(x, size);
    else if (pads)
      x = padToAspect(x, size, fillValue);
    x = resize(x, size, interpolation);
    if (!isa<FloatType>(type) && x.isFloat())
      x = x.apply<ir::RoundNearestEvenOp>().convert(type);
    return {format.fromChannelsLast(x)};
  }

private:
  std::vector<int64_t> size;
  ImageFormat format;
  bool crops, pads;
  double fillValue;
  Interpolation interpolation;
};

/// The middle of the image; of an image too small for that, the middle in the same shape, enlarged.
class CenterCrop : public LayerMeaning {
public:
  explicit CenterCrop(Config &config) : size(readSize(config)), format(config, 2) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = imageInput(call, inputs, format);
    checkResult(call, x, size);
    int64_t top = x.dim(1) - size[0], left = x.dim(2) - size[1];
    if (top >= 0 && left >= 0)
      x = x.slice(1, top / 2, top / 2 + size[0]).slice(2, left / 2, left / 2 + size[1]);
    else
      x = resize(cropToAspect(x, size), size, Interpolation::Bilinear);
    return {format.fromChannelsLast(x)};
  }

private:
  std::vector<int64_t> size;
  ImageFormat format;
};

} // namespace

const LayerEntry resizingLayer = {"Resizing", createFromConfig<Resizing>};
const LayerEntry centerCropLayer = {"CenterCrop", createFromConfig<CenterCrop>};

} // namespace lamina::frontend::keras
