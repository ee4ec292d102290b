#pragma once

#include "frontend/keras/model/layer.h"

/// Colors of images whose last dimension is red, green and blue.
namespace lamina::frontend::keras {

/// Brightness by the weights of ITU-R BT.601 (keras/src/backend/tensorflow/image.py); the last
/// dimension becomes 1. Images of one channel stay as they are.
Tensor rgbToGrayscale(Tensor images);
/// Hue, saturation and value, each from 0 to 1 for colors from 0 to 1
/// (tensorflow/core/kernels/image/colorspace_op.h).
Tensor rgbToHsv(Tensor images);
Tensor hsvToRgb(Tensor images);

} // namespace lamina::frontend::keras
