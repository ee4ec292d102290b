// keras.layers.RandomBrightness, RandomContrast, RandomSaturation, RandomHue, RandomColorJitter,
// RandomGrayscale, RandomColorDegeneration, RandomInvert, RandomPosterization, Solarization,
// RandomSharpness, AutoContrast: keras/src/layers/preprocessing/image_preprocessing/
#include "frontend/keras/layers/augmentation/augmentation.h"
#include "frontend/keras/layers/augmentation/colors.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensor clipTo(Tensor x, Interval range) {
  return clip(x, range.low, range.high);
}

/// Numbers of one range as those of the other.
Tensor rescale(Tensor x, Interval from, Interval to) {
  if (from.low == to.low && from.high == to.high)
    return x;
  return (x - from.low) / (from.high - from.low) * (to.high - to.low) + to.low;
}

constexpr Interval kBytes = {0, 255};

/// A layer that changes the colors of an image by a number that is drawn for it.
class ColorAugmentation : public ImageAugmentation {
public:
  ColorAugmentation(Config &config, Interval factor)
      : ImageAugmentation(config), factor(factor), range(readValueRange(config)) {}

protected:
  Interval factor, range;
};

Tensor changeBrightness(LayerCall &call, Tensor x, Interval factor, Interval range) {
  return clipTo(x + drawPerImage(call, x, factor) * (range.high - range.low), range);
}

Tensor changeContrast(LayerCall &call, Tensor x, Interval factor, Interval range) {
  Tensor mean = spread(builder::mean(x, {1, 2}), {1, 2}, x);
  return clipTo((x - mean) * drawPerImage(call, x, {1 - factor.low, 1 + factor.high}) + mean,
                range);
}

/// The saturation is not brought to the range first, but kept within it: so Keras has it.
Tensor changeSaturation(LayerCall &call, Tensor x, Interval factor, Interval range) {
  requireChannels(call, x, 3);
  Tensor drawn = drawPerImage(call, x, factor);
  Tensor hsv = rgbToHsv(x);
  Tensor saturation = clipTo(hsv.slice(3, 1, 2) * (drawn / (1.0 - drawn + 1e-7)), range);
  return hsvToRgb(concatenate({hsv.slice(3, 0, 1), saturation, hsv.slice(3, 2, 3)}, 3));
}

Tensor changeHue(LayerCall &call, Tensor x, Interval factor, Interval range) {
  requireChannels(call, x, 3);
  Tensor half = drawPerImage(call, x, {0, 1});
  Tensor drawn = drawPerImage(call, x, factor) * 0.5;
  Tensor hsv = rgbToHsv(rescale(x, range, {0, 1}));
  Tensor hue = hsv.slice(3, 0, 1) + where(half > 0.5, -drawn, drawn);
  hue = where(hue > 1, hue - 1.0, hue);
  hue = where(hue < 0, hue + 1.0, hue);
  Tensor rgb = hsvToRgb(concatenate({hue, hsv.slice(3, 1, 3)}, 3));
  return rescale(clip(rgb, 0, 1), {0, 1}, range);
}

using Change = Tensor (*)(LayerCall &, Tensor, Interval factor, Interval range);

template <Change change_, int64_t least> class RandomColor final : public ColorAugmentation {
public:
  explicit RandomColor(Config &config)
      : ColorAugmentation(config, readFactor(config, "factor", std::nullopt, least, 1)) {}

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    return change_(call, images, factor, range);
  }
};

/// Brightness, contrast, saturation and hue, in this order, as far as they are asked for.
class RandomColorJitter final : public ImageAugmentation {
public:
  explicit RandomColorJitter(Config &config)
      : ImageAugmentation(config), range(readValueRange(config)) {
    add(config, "brightness_factor", changeBrightness, -1);
    add(config, "contrast_factor", changeContrast, 0);
    add(config, "saturation_factor", changeSaturation, 0);
    add(config, "hue_factor", changeHue, 0);
  }

private:
  void add(Config &config, const char *key, Change change, double least) {
    if (config.has(key))
      changes.emplace_back(change, readFactor(config, key, std::nullopt, least, 1));
    config.raw(key);
  }
  Tensor change(LayerCall &call, Tensor images) const override {
    for (auto [change, factor] : changes)
      images = change(call, images, factor, range);
    return images;
  }

  Interval range;
  llvm::SmallVector<std::pair<Change, Interval>, 4> changes;
};

class RandomGrayscale final : public ImageAugmentation {
public:
  explicit RandomGrayscale(Config &config)
      : ImageAugmentation(config), probability(config.number("factor", 0.5)) {
    if (!(probability >= 0 && probability <= 1))
      config.fail("'factor' must be between 0 and 1");
  }

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    if (images.dim(3) != 1)
      requireChannels(call, images, 3);
    Tensor isGray = decidePerImage(call, images, {probability, probability});
    return where(isGray.broadcastTo(images.shape()),
                 rgbToGrayscale(images).broadcastTo(images.shape()), images);
  }

  double probability;
};

Tensor changeDegeneration(LayerCall &call, Tensor x, Interval factor, Interval range) {
  if (x.dim(3) != 1)
    requireChannels(call, x, 3);
  return clipTo(x + drawPerImage(call, x, factor) * (rgbToGrayscale(x) - x), range);
}

/// The mean of 3 x 3 pixels, the middle one five times, zeros around the image.
Tensor smooth(Tensor x) {
  Tensor framed = pad(x, 0, {0, 1, 1, 0}, {0, 1, 1, 0});
  auto sumOfThree = [](Tensor x, int64_t dimension) {
    int64_t extent = x.dim(dimension) - 2;
    return x.slice(dimension, 0, extent) + x.slice(dimension, 1, extent + 1) +
           x.slice(dimension, 2, extent + 2);
  };
  return sumOfThree(sumOfThree(framed, 1), 2) * (1.0 / 13) + x * (4.0 / 13);
}

Tensor changeSharpness(LayerCall &call, Tensor x, Interval factor, Interval range) {
  Tensor sharpness = drawPerImage(call, x, factor) * 2.0;
  return clipTo(x + (1.0 - sharpness) * (smooth(x) - x), range);
}

/// Some images as negatives.
class RandomInvert final : public ColorAugmentation {
public:
  explicit RandomInvert(Config &config)
      : ColorAugmentation(config, readFactor(config, "factor", 1, 0, 1)) {}

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    Tensor isNegative = decidePerImage(call, images, factor);
    return where(isNegative.broadcastTo(images.shape()), range.high - images, images);
  }
};

/// Keeps some of the upper bits of each byte.
class RandomPosterization final : public ColorAugmentation {
public:
  explicit RandomPosterization(Config &config)
      : ColorAugmentation(config, readFactor(config, "factor", std::nullopt, 1, 8)) {}

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    Tensor bits = floor(drawPerImage(call, images, factor));
    Tensor step = images.like(1);
    for (int64_t bit = 7; bit > 0; --bit)
      step = where(bits <= static_cast<double>(bit), exactPower(images, 8 - bit), step);
    Tensor bytes = floor(clipTo(rescale(images, range, kBytes), kBytes));
    return rescale(floor(bytes / step) * step, kBytes, range);
  }

  static Tensor exactPower(Tensor images, int64_t exponent) {
    return images.like(static_cast<double>(int64_t(1) << exponent));
  }
};

/// Adds to the pixels and inverts those that are not below a threshold.
class Solarization final : public ImageAugmentation {
public:
  explicit Solarization(Config &config)
      : ImageAugmentation(config), range(readValueRange(config)),
        addition(readFactor(config, "addition_factor", 0, 0, 1)),
        threshold(readFactor(config, "threshold_factor", 0, 0, 1)) {}

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    Tensor added = drawPerImage(call, images, {addition.low, addition.high * 255});
    Tensor limit = drawPerImage(call, images, {threshold.low, threshold.high * 255});
    Tensor sum = clipTo(rescale(images, range, kBytes) + added, kBytes);
    Tensor isBelow = compare(ir::ComparisonDirection::LT, sum, limit.broadcastTo(sum.shape()));
    return rescale(where(isBelow, sum, 255.0 - sum), kBytes, range);
  }

  Interval range, addition, threshold;
};

/// Stretches each channel of each image to the whole range, in training and in prediction.
class AutoContrast final : public LayerMeaning {
public:
  explicit AutoContrast(Config &config) : format(config, 2), range(readValueRange(config)) {
    config.ignore({"bounding_box_format"});
  }

  /// Keras looks at the second and third dimension, whatever the format.
  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs).toFloat();
    format.split(call.place(), x.shape()); // refuses another rank
    Tensor bytes = rescale(x, range, kBytes);
    Tensor low = spread(min(bytes, {1, 2}), {1, 2}, bytes);
    Tensor scale = 255.0 / (spread(max(bytes, {1, 2}), {1, 2}, bytes) - low);
    Tensor stretched = rescale(clipTo(bytes * scale + -low * scale, kBytes), kBytes, range);
    return {where(isNan(stretched), x, stretched)};
  }

private:
  ImageFormat format;
  Interval range;
};

} // namespace

const LayerEntry randomBrightnessLayer = {"RandomBrightness",
                                          createFromConfig<RandomColor<changeBrightness, -1>>};
const LayerEntry randomContrastLayer = {"RandomContrast",
                                        createFromConfig<RandomColor<changeContrast, 0>>};
const LayerEntry randomSaturationLayer = {"RandomSaturation",
                                          createFromConfig<RandomColor<changeSaturation, -1>>};
const LayerEntry randomHueLayer = {"RandomHue", createFromConfig<RandomColor<changeHue, 0>>};
const LayerEntry randomColorJitterLayer = {"RandomColorJitter",
                                           createFromConfig<RandomColorJitter>};
const LayerEntry randomGrayscaleLayer = {"RandomGrayscale", createFromConfig<RandomGrayscale>};
const LayerEntry randomColorDegenerationLayer = {
    "RandomColorDegeneration", createFromConfig<RandomColor<changeDegeneration, -1>>};
const LayerEntry randomSharpnessLayer = {"RandomSharpness",
                                         createFromConfig<RandomColor<changeSharpness, 0>>};
const LayerEntry randomInvertLayer = {"RandomInvert", createFromConfig<RandomInvert>};
const LayerEntry randomPosterizationLayer = {"RandomPosterization",
                                             createFromConfig<RandomPosterization>};
const LayerEntry solarizationLayer = {"Solarization", createFromConfig<Solarization>};
const LayerEntry autoContrastLayer = {"AutoContrast", createFromConfig<AutoContrast>};

} // namespace lamina::frontend::keras
