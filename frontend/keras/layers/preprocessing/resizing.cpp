// keras.layers.Resizing, CenterCrop: keras/src/layers/preprocessing/image_preprocessing/,
// keras/src/backend/tensorflow/image.py
#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/resampling.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

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
  llvm::SmallVector<int64_t> margin = {0, top, left, 0};
  return pad(x, value, margin, margin);
}

/// Height and width, which have to be there.
std::vector<int64_t> readSize(Config &config) {
  return {config.positive("height"), config.positive("width")};
}

void checkResult(const LayerCall &call, Tensor x, ArrayRef<int64_t> size) {
  checkSize(call.place(), {x.dim(0), size[0], size[1], x.dim(3)});
}

/// Bytes become floats, as they do where Keras traces the layer for `fit` and `predict`; what it
/// computes eagerly is rounded to bytes again.
class Resizing : public LayerMeaning {
public:
  explicit Resizing(Config &config)
      : size(readSize(config)), format(config, 2),
        crops(config.boolean("crop_to_aspect_ratio", false)),
        pads(config.boolean("pad_to_aspect_ratio", false)),
        fillValue(config.number("fill_value", 0)) {
    std::string kind = config.text("interpolation", "bilinear");
    auto known = findInterpolation(kind);
    if (!known)
      config.fail(fmt::format("the interpolation {} is not one of Keras', which are {}",
                              printable(kind), fmt::join(interpolationNames(), ", ")));
    resampling = {*known, config.boolean("antialias", false)};
    if (config.text("fill_mode", "constant") != "constant")
      config.fail("'fill_mode' must be constant");
    if (crops && pads)
      config.fail("'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' cannot both be true");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = imageInput(call, inputs, format);
    checkResult(call, x, size);
    if (crops)
      x = cropToAspect(x, size);
    else if (pads)
      x = padToAspect(x, size, fillValue);
    return {format.fromChannelsLast(resample(call.place(), x, size, resampling))};
  }

private:
  std::vector<int64_t> size;
  ImageFormat format;
  bool crops, pads;
  double fillValue;
  Resampling resampling;
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
      x = resample(call.place(), cropToAspect(x, size), size, {});
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
