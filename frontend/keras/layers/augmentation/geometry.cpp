// keras.layers.RandomFlip, RandomRotation, RandomTranslation, RandomZoom, RandomShear,
// RandomPerspective: keras/src/layers/preprocessing/image_preprocessing/
#include <numbers>

#include "frontend/keras/layers/augmentation/augmentation.h"
#include "frontend/keras/layers/augmentation/warp.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Turns half of the images around.
class RandomFlip final : public ImageAugmentation {
public:
  explicit RandomFlip(Config &config) : ImageAugmentation(config) {
    std::string mode = config.text("mode", "horizontal_and_vertical");
    isHorizontal = mode == "horizontal" || mode == "horizontal_and_vertical";
    isVertical = mode == "vertical" || mode == "horizontal_and_vertical";
    if (!isHorizontal && !isVertical)
      config.fail(
          fmt::format("'mode' must be horizontal, vertical or horizontal_and_vertical, not {}",
                      printable(mode)));
  }

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    Tensor isFlipped = drawPerImage(call, images, {0, 1}) <= 0.5;
    Tensor flipped = images;
    if (isHorizontal)
      flipped = flip(flipped, 2);
    if (isVertical)
      flipped = flip(flipped, 1);
    return where(isFlipped.broadcastTo(images.shape()), flipped, images);
  }

  bool isHorizontal, isVertical;
};

/// A layer that shows each image as seen from elsewhere.
class RandomWarp : public ImageAugmentation {
public:
  explicit RandomWarp(Config &config, bool hasFillMode = true)
      : ImageAugmentation(config),
        sampling(Sampling::read(config, hasFillMode ? "reflect" : nullptr)) {}

protected:
  static Tensor draw(LayerCall &call, Tensor images, Interval interval) {
    return drawPerImage(call, images, interval, 3);
  }
  virtual Places findPlaces(LayerCall &call, Tensor images) const = 0;
  Tensor change(LayerCall &call, Tensor images) const override {
    return warp(images, findPlaces(call, images), sampling);
  }

private:
  Sampling sampling;
};

/// Around the image's middle, by parts of a full turn.
class RandomRotation final : public RandomWarp {
public:
  explicit RandomRotation(Config &config)
      : RandomWarp(config), factor(readFactor(config, "factor", std::nullopt, -1, 1)) {}

private:
  Places findPlaces(LayerCall &call, Tensor images) const override {
    Tensor degrees = draw(call, images, {factor.low * 360, factor.high * 360});
    Tensor angle = degrees * (std::numbers::pi / 180);
    Tensor c = cosine(angle), s = sine(angle);
    double middleX = 0.5 * static_cast<double>(images.dim(2) - 1);
    double middleY = 0.5 * static_cast<double>(images.dim(1) - 1);
    auto [x, y] = ownPlaces(images);
    return {c * x - s * y + (middleX - middleX * c + middleY * s),
            s * x + c * y + (middleY - middleX * s - middleY * c)};
  }

  Interval factor;
};

/// By parts of the image's height and width.
class RandomTranslation final : public RandomWarp {
public:
  explicit RandomTranslation(Config &config)
      : RandomWarp(config), heightFactor(readFactor(config, "height_factor", std::nullopt, -1, 1)),
        widthFactor(readFactor(config, "width_factor", std::nullopt, -1, 1)) {}

private:
  Places findPlaces(LayerCall &call, Tensor images) const override {
    Tensor down = draw(call, images, heightFactor) * static_cast<double>(images.dim(1));
    Tensor right = draw(call, images, widthFactor) * static_cast<double>(images.dim(2));
    auto [x, y] = ownPlaces(images);
    return {x - right, y - down};
  }

  Interval heightFactor, widthFactor;
};

/// Towards the image's middle or away from it; both dimensions alike without a width's factor.
class RandomZoom final : public RandomWarp {
public:
  explicit RandomZoom(Config &config)
      : RandomWarp(config), heightFactor(readFactor(config, "height_factor", std::nullopt, -1, 1)) {
    if (config.has("width_factor"))
      widthFactor = readFactor(config, "width_factor", std::nullopt, -1, 1);
    config.raw("width_factor");
  }

private:
  Places findPlaces(LayerCall &call, Tensor images) const override {
    Tensor vertical = draw(call, images, heightFactor) + 1.0;
    Tensor horizontal = widthFactor ? draw(call, images, *widthFactor) + 1.0 : vertical;
    auto [x, y] = ownPlaces(images);
    auto zoomed = [](Tensor place, Tensor zoom, int64_t extent) {
      return zoom * place + (1.0 - zoom) * (static_cast<double>(extent - 1) / 2);
    };
    return {zoomed(x, horizontal, images.dim(2)), zoomed(y, vertical, images.dim(1))};
  }

  Interval heightFactor;
  std::optional<Interval> widthFactor;
};

/// Lines move by a part of their distance from the image's first line.
class RandomShear final : public RandomWarp {
public:
  explicit RandomShear(Config &config)
      : RandomWarp(config), xFactor(readFactor(config, "x_factor", 0, -1, 1)),
        yFactor(readFactor(config, "y_factor", 0, -1, 1)) {}

private:
  Places findPlaces(LayerCall &call, Tensor images) const override {
    Tensor half = draw(call, images, {0, 1});
    Tensor sign = where(half > 0.5, -1.0, half.like(1).broadcastTo(half.shape()));
    Tensor down = draw(call, images, yFactor) * sign;
    Tensor right = draw(call, images, xFactor) * sign;
    auto [x, y] = ownPlaces(images);
    return {x + right * y, down * x + y};
  }

  Interval xFactor, yFactor;
};

/// Moves the corners of some images, each by up to half of its distance from the first one.
class RandomPerspective final : public RandomWarp {
public:
  explicit RandomPerspective(Config &config)
      : RandomWarp(config, false), factor(readFactor(config, "factor", 1, 0, 1)),
        scale(config.number("scale", 1)) {
    if (!(scale >= 0 && scale <= 1))
      config.fail("'scale' must be between 0 and 1");
  }

private:
  Tensor change(LayerCall &call, Tensor images) const override {
    Tensor isChanged = decidePerImage(call, images, factor);
    return where(isChanged.broadcastTo(images.shape()), RandomWarp::change(call, images), images);
  }

  /// The square (0, 0) to (1, 1) is mapped to four corners as in P. Heckbert, Fundamentals of
  /// Texture Mapping and Image Warping (1989); the places are that map's inverse.
  Places findPlaces(LayerCall &call, Tensor images) const override {
    double width = static_cast<double>(images.dim(2) - 1);
    double height = static_cast<double>(images.dim(1) - 1);
    auto corner = [&](double place) {
      return draw(call, images, {-0.5 * scale, 0.5 * scale}) * place + place;
    };
    Tensor x1 = corner(width), y2 = corner(height), x3 = corner(width), y3 = corner(height);
    // Corner 0 is at 0, 0, corner 1 at x1, 0 and corner 2 at 0, y2: zeros stay zeros.
    Tensor dx1 = x1 - x3, dy2 = y2 - y3, sumX = x3 - x1, sumY = y3 - y2;
    Tensor determinant = dx1 * dy2 - x3 * y3;
    Tensor g = (sumX * dy2 + x3 * sumY) / determinant;
    Tensor h = (dx1 * sumY + sumX * y3) / determinant;
    Tensor a = x1 + g * x1, e = y2 + h * y2;
    auto [x, y] = ownPlaces(images);
    Tensor scaleOfPlace = a * e - e * g * x - a * h * y;
    return {e * x / scaleOfPlace * width, a * y / scaleOfPlace * height};
  }

  Interval factor;
  double scale;
};

} // namespace

const LayerEntry randomFlipLayer = {"RandomFlip", createFromConfig<RandomFlip>};
const LayerEntry randomRotationLayer = {"RandomRotation", createFromConfig<RandomRotation>};
const LayerEntry randomTranslationLayer = {"RandomTranslation",
                                           createFromConfig<RandomTranslation>};
const LayerEntry randomZoomLayer = {"RandomZoom", createFromConfig<RandomZoom>};
const LayerEntry randomShearLayer = {"RandomShear", createFromConfig<RandomShear>};
const LayerEntry randomPerspectiveLayer = {"RandomPerspective",
                                           createFromConfig<RandomPerspective>};

} // namespace lamina::frontend::keras
