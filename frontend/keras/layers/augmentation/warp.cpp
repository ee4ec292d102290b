#include "frontend/keras/layers/augmentation/warp.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Fill = Sampling::Fill;

/// The whole multiples of `period` in x, which is not negative.
Tensor wholePeriods(Tensor x, double period) {
  return floor(x / period) * period;
}

/// "dcba|abcd|dcba", which begins anew after twice the extent.
Tensor reflect(Tensor x, double extent) {
  double period = 2 * extent;
  Tensor folded = x + wholePeriods(-x, period);
  Tensor before = where(folded < -extent, folded + period, -folded - 1.0);
  Tensor rest = x - wholePeriods(x, period);
  Tensor behind = where(rest >= extent, period - rest - 1.0, rest);
  return where(x < 0, before, where(x > extent - 1, behind, x));
}

/// "abcd|abcd|abcd", as TensorFlow has it.
Tensor wrap(Tensor x, double extent) {
  Tensor before = x + (floor(-x / (extent - 1)) + 1.0) * extent;
  Tensor behind = x - floor(x / (extent - 1)) * extent;
  return where(x < 0, before, where(x > extent - 1, behind, x));
}

/// Brings places along a dimension of `extent` pixels into the image; leaves them with a constant
/// fill.
Tensor bringInside(Tensor x, int64_t extent, Fill fill) {
  auto length = static_cast<double>(extent);
  if (fill == Fill::Constant)
    return x;
  if (extent > 1 && fill == Fill::Reflect)
    x = reflect(x, length);
  else if (extent > 1 && fill == Fill::Wrap)
    x = wrap(x, length);
  return clip(x, 0, length - 1);
}

/// The pixels at whole places.
Tensor read(Tensor images, Tensor x, Tensor y, const Sampling &sampling) {
  int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
  Type integer = IntegerType::get(images.emit().getContext(), 32);
  Tensor column = clip(x, 0, static_cast<double>(width - 1)).convert(integer);
  Tensor row = clip(y, 0, static_cast<double>(height - 1)).convert(integer);
  Tensor index = row * static_cast<double>(width) + column;
  Tensor flat = images.reshape({images.dim(0), height * width, channels});
  Tensor pixels = flat.with(
      images.emit().create<ir::GatherOp>(Value(flat), Value(index), uint64_t(1), uint64_t(1)));
  if (sampling.fill != Fill::Constant)
    return pixels;
  Tensor inside = logicalAnd(logicalAnd(x >= 0, x <= static_cast<double>(width - 1)),
                             logicalAnd(y >= 0, y <= static_cast<double>(height - 1)));
  Tensor condition = inside.reshape({images.dim(0), height, width, 1});
  return where(condition.broadcastTo(images.shape()), pixels, sampling.value);
}

/// The nearest whole number, halves away from zero.
Tensor roundAway(Tensor x) {
  return where(x < 0, ceil(x - 0.5), floor(x + 0.5));
}

} // namespace

Sampling Sampling::read(Config &config, const char *defaultFillMode) {
  Sampling sampling;
  std::string interpolation = config.text("interpolation", "bilinear");
  if (interpolation != "bilinear" && interpolation != "nearest")
    config.fail(fmt::format("'interpolation' must be bilinear or nearest, not {}",
                            printable(interpolation)));
  sampling.isBilinear = interpolation == "bilinear";
  sampling.value = config.number("fill_value", 0);
  sampling.fill = Fill::Constant;
  if (!defaultFillMode)
    return sampling;
  const std::pair<const char *, Fill> modes[] = {{"constant", Fill::Constant},
                                                 {"nearest", Fill::Nearest},
                                                 {"reflect", Fill::Reflect},
                                                 {"wrap", Fill::Wrap}};
  std::string mode = config.text("fill_mode", defaultFillMode);
  for (auto [name, fill] : modes)
    if (mode == name) {
      sampling.fill = fill;
      return sampling;
    }
  config.fail(fmt::format("'fill_mode' must be constant, nearest, reflect or wrap, not {}",
                          printable(mode)));
}

Places ownPlaces(Tensor images) {
  int64_t shape[] = {1, images.dim(1), images.dim(2)};
  Emitter &emit = images.emit();
  return {emit.iota(shape, 2).convert(images.elementType()),
          emit.iota(shape, 1).convert(images.elementType())};
}

Tensor warp(Tensor images, Places places, const Sampling &sampling) {
  int64_t shape[] = {images.dim(0), images.dim(1), images.dim(2)};
  Tensor x = bringInside(places.x.broadcastTo(shape), shape[2], sampling.fill);
  Tensor y = bringInside(places.y.broadcastTo(shape), shape[1], sampling.fill);
  if (!sampling.isBilinear)
    return read(images, roundAway(x), roundAway(y), sampling);
  Tensor left = floor(x), top = floor(y);
  auto weight = [&](Tensor w) {
    return w.reshape({shape[0], shape[1], shape[2], 1}).broadcastTo(images.shape());
  };
  Tensor right = weight(x - left), bottom = weight(y - top);
  auto line = [&](Tensor row) {
    return (1.0 - right) * read(images, left, row, sampling) +
           right * read(images, left + 1.0, row, sampling);
  };
  return (1.0 - bottom) * line(top) + bottom * line(top + 1.0);
}

} // namespace lamina::frontend::keras
