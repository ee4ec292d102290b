#include "frontend/keras/layers/augmentation/colors.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// One channel, which stays as a last dimension of 1.
Tensor channel(Tensor images, int64_t index) {
  return images.slice(images.rank() - 1, index, index + 1);
}

} // namespace

Tensor rgbToGrayscale(Tensor images) {
  if (images.shape().back() == 1)
    return images;
  return channel(images, 0) * 0.2989 + channel(images, 1) * 0.5870 + channel(images, 2) * 0.1140;
}

Tensor rgbToHsv(Tensor images) {
  Tensor r = channel(images, 0), g = channel(images, 1), b = channel(images, 2);
  Tensor value = maximum(maximum(r, g), b);
  Tensor range = value - minimum(minimum(r, g), b);
  Tensor saturation = where(value > 0, range / value, 0.0);
  Tensor sixth = 1.0 / (range * 6.0);
  Tensor hue = where(equal(r, value), sixth * (g - b),
                     where(equal(g, value), sixth * (b - r) + 2.0 / 6, sixth * (r - g) + 4.0 / 6));
  hue = where(range > 0, hue, 0.0);
  hue = where(hue < 0, hue + 1.0, hue);
  return concatenate({hue, saturation, value}, images.rank() - 1);
}

Tensor hsvToRgb(Tensor images) {
  Tensor angle = channel(images, 0) * 6.0, saturation = channel(images, 1);
  Tensor value = channel(images, 2);
  auto color = [&](Tensor part) {
    return (1.0 - saturation + saturation * clip(part, 0, 1)) * value;
  };
  return concatenate(
      {color(abs(angle - 3.0) - 1.0), color(2.0 - abs(angle - 2.0)), color(2.0 - abs(angle - 4.0))},
      images.rank() - 1);
}

} // namespace lamina::frontend::keras
