// keras.layers.RandomErasing, RandomGaussianBlur:
// keras/src/layers/preprocessing/image_preprocessing/random_erasing.py, random_gaussian_blur.py
#include "frontend/keras/layers/augmentation/augmentation.h"
#include "frontend/keras/layers/augmentation/warp.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Covers a rectangle of some images: with one color, or with noise where none is given.
class RandomErasing final : public ImageAugmentation {
public:
  explicit RandomErasing(Config &config)
      : ImageAugmentation(config), factor(readFactor(config, "factor", 1, 0, 1)),
        scale(config.has("scale") ? readFactor(config, "scale", std::nullopt, 0, 1)
                                  : Interval{0.02, 0.33}),
        range(readValueRange(config)) {
    if (config.has("fill_value"))
      color = config.numbers("fill_value", 0).values;
    config.raw("fill_value");
    if (color.size() > 1 && color.size() != 3)
      config.fail("'fill_value' must be a number or three numbers");
  }

private:
  /// Which places along a dimension are in a stretch that is drawn: its length is the root of a
  /// part of the image.
  Tensor drawStretch(LayerCall &call, Tensor images, Tensor place, int64_t extent) const {
    auto all = static_cast<double>(extent);
    Tensor length = sqrt(drawPerImage(call, images, scale, 3)) * all;
    Tensor begin = drawPerImage(call, images, {0, 1}, 3) * (all - length);
    auto isNotBefore = [&](Tensor border) {
      return compare(ir::ComparisonDirection::GE, place, border);
    };
    Tensor end = begin + length;
    return logicalAnd(isNotBefore(begin), compare(ir::ComparisonDirection::LT, place, end));
  }

  Tensor fill(LayerCall &call, Tensor images) const {
    Tensor filling;
    if (color.empty())
      filling = call.normal(images.shape()).convert(images.elementType()) * range.high;
    else if (color.size() == 1)
      filling = images.like(color[0]);
    else
      filling = images.emit().constant(images.elementType(), color, {3});
    return clip(filling, range.low, range.high).broadcastTo(images.shape());
  }

  Tensor change(LayerCall &call, Tensor images) const override {
    if (color.size() == 3)
      requireChannels(call, images, 3);
    auto [x, y] = ownPlaces(images);
    Tensor covered = logicalAnd(drawStretch(call, images, x, images.dim(2)),
                                drawStretch(call, images, y, images.dim(1)))
                         .reshape({images.dim(0), images.dim(1), images.dim(2), 1});
    Tensor isErased = logicalAnd(covered, decidePerImage(call, images, factor));
    return where(isErased.broadcastTo(images.shape()), fill(call, images), images);
  }

  Interval factor, scale, range;
  std::vector<double> color;
};

/// Blurs some images with a Gaussian kernel whose widths are drawn once for a batch.
class RandomGaussianBlur final : public ImageAugmentation {
public:
  explicit RandomGaussianBlur(Config &config)
      : ImageAugmentation(config), factor(readFactor(config, "factor", 1, 0, 1)),
        sigma(readFactor(config, "sigma", 1, 0, 1)), range(readValueRange(config)) {
    auto sizes = config.extents("kernel_size", 2).value_or(std::vector<int64_t>{3, 3});
    if (sizes[0] % 2 == 0 || sizes[0] != sizes[1])
      config.fail("'kernel_size' must be an odd number, the same for both dimensions");
    size = sizes[0];
  }

private:
  /// The weighted sum of neighbours along a dimension, zeros around the image.
  Tensor blur(Tensor x, int64_t dimension, Tensor deviation) const {
    int64_t reach = size / 2, extent = x.dim(dimension);
    Tensor sum, weights;
    llvm::SmallVector<int64_t> margin(4, 0);
    margin[dimension] = reach;
    Tensor framed = pad(x, 0, margin, margin);
    for (int64_t tap = 0; tap < size; ++tap) {
      auto distance = static_cast<double>(tap - reach);
      Tensor weight = exp((-0.5 * distance * distance) / square(deviation));
      Tensor part = framed.slice(dimension, tap, tap + extent) * weight;
      sum = sum ? sum + part : part;
      weights = weights ? weights + weight : weight;
    }
    return sum / weights;
  }

  Tensor change(LayerCall &call, Tensor images) const override {
    Tensor isBlurred = decidePerImage(call, images, factor);
    Tensor blurred = images;
    for (int64_t dimension : {2, 1}) {
      Tensor drawn = call.uniform({1, 1, 1, 1}).convert(images.elementType());
      Tensor deviation = drawn * (sigma.high - sigma.low) + (sigma.low + 1e-6);
      blurred = blur(blurred, dimension, deviation);
    }
    return clip(where(isBlurred.broadcastTo(images.shape()), blurred, images), range.low,
                range.high);
  }

  Interval factor, sigma, range;
  int64_t size = 3;
};

} // namespace

const LayerEntry randomErasingLayer = {"RandomErasing", createFromConfig<RandomErasing>};
const LayerEntry randomGaussianBlurLayer = {"RandomGaussianBlur",
                                            createFromConfig<RandomGaussianBlur>};

} // namespace lamina::frontend::keras
