#pragma once

#include "frontend/keras/layers/images.h"

/// Parts of the layers that change images at random in training (keras.layers.Random*).
namespace lamina::frontend::keras {

/// Numbers between which something is drawn.
struct Interval {
  double low = 0, high = 0;
};

/// A setting that is two numbers, or one number f for those from -f to f, none below `least`. All
/// have to be within [least, most].
Interval readFactor(Config &config, const char *key, std::optional<double> fallback, double least,
                    double most);
/// "value_range": the numbers of the darkest and the brightest pixel, 0 and 255 unless given.
Interval readValueRange(Config &config);

/// A layer that changes images in training and in prediction makes floating-point numbers of them.
/// What a layer's "seed" says is not followed: random numbers are the model's own.
class ImageAugmentation : public LayerMeaning {
public:
  explicit ImageAugmentation(Config &config);
  Tensors call(LayerCall &call, llvm::ArrayRef<Tensor> inputs) const final;

protected:
  /// `images` are rows x height x width x channels.
  virtual Tensor change(LayerCall &call, Tensor images) const = 0;

private:
  ImageFormat format;
};

/// A number of the interval for each image: rows and extents of 1, as many dimensions as images
/// have unless `rank` says otherwise.
Tensor drawPerImage(LayerCall &call, Tensor images, Interval interval, size_t rank = 4);
/// Whether a number in [0, 1) is below one of the interval, for each image.
Tensor decidePerImage(LayerCall &call, Tensor images, Interval probability);
/// Refuses images of other than `channels` channels.
void requireChannels(const LayerCall &call, Tensor images, int64_t channels);

} // namespace lamina::frontend::keras
