#include "frontend/keras/layers/augmentation/augmentation.h"

using namespace mlir;

namespace lamina::frontend::keras {

Interval readFactor(Config &config, const char *key, std::optional<double> fallback, double least,
                    double most) {
  if (!fallback && !config.has(key))
    config.fail(fmt::format("'{}' is missing from the configuration", key));
  Config::Numbers given = config.numbers(key, fallback.value_or(0));
  Interval interval;
  if (given.shape.empty())
    interval = {std::max(-std::abs(given.values[0]), least), std::abs(given.values[0])};
  else if (given.values.size() == 2)
    interval = {std::min(given.values[0], given.values[1]),
                std::max(given.values[0], given.values[1])};
  else
    interval = {least - 1, most};
  if (!(interval.low >= least && interval.high <= most))
    config.fail(
        fmt::format("'{}' must be a number or two numbers from {} to {}", key, least, most));
  return interval;
}

Interval readValueRange(Config &config) {
  if (!config.has("value_range"))
    return {0, 255};
  Config::Numbers given = config.numbers("value_range", 0);
  if (given.values.size() != 2 || !(given.values[0] < given.values[1]))
    config.fail("'value_range' must be two ascending numbers");
  return {given.values[0], given.values[1]};
}

ImageAugmentation::ImageAugmentation(Config &config) : format(config, 2) {
  config.ignore({"seed", "bounding_box_format"});
}

Tensors ImageAugmentation::call(LayerCall &call, ArrayRef<Tensor> inputs) const {
  Tensor images = imageInput(call, inputs, format);
  if (call.isTraining())
    images = change(call, images);
  return {format.fromChannelsLast(images)};
}

Tensor drawPerImage(LayerCall &call, Tensor images, Interval interval, size_t rank) {
  llvm::SmallVector<int64_t> shape(rank, 1);
  shape[0] = images.dim(0);
  Tensor uniform = call.uniform(shape).convert(images.elementType());
  return uniform * (interval.high - interval.low) + interval.low;
}

Tensor decidePerImage(LayerCall &call, Tensor images, Interval probability) {
  Tensor wanted = drawPerImage(call, images, probability);
  Tensor drawn = drawPerImage(call, images, {0, 1});
  return compare(ir::ComparisonDirection::LT, drawn, wanted);
}

void requireChannels(const LayerCall &call, Tensor images, int64_t channels) {
  if (images.dim(3) != channels)
    call.fail(fmt::format("takes images of {} channels, not {}", channels, images.dim(3)));
}

} // namespace lamina::frontend::keras
