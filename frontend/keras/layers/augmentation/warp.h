#pragma once

#include "frontend/keras/layers/images.h"

/// Images looked at in other places: TensorFlow's ImageProjectiveTransformV3
/// (tensorflow/core/kernels/image/image_ops.h).
namespace lamina::frontend::keras {

/// How a place between pixels or outside of an image is looked at.
struct Sampling {
  enum class Fill { Constant, Nearest, Reflect, Wrap };

  bool isBilinear = true;
  Fill fill = Fill::Reflect;
  double value = 0; ///< outside, with a constant fill

  /// Reads "interpolation", "fill_value" and "fill_mode", whose default is given; null where there
  /// is no such setting.
  static Sampling read(Config &config, const char *defaultFillMode);
};

/// Places in an image for every pixel of the result: rows x height x width.
struct Places {
  Tensor x, y;
};

/// The place of every pixel of `images` itself: 1 x height x width.
Places ownPlaces(Tensor images);
/// What images (rows x height x width x channels) show at the places.
Tensor warp(Tensor images, Places places, const Sampling &sampling);

} // namespace lamina::frontend::keras
