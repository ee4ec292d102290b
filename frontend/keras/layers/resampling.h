#pragma once

#include "frontend/builder/tensor.h"
#include "frontend/keras/config/config.h"

/// Images in another size, as tf.image.resize makes them.
namespace lamina::frontend::keras {

enum class Interpolation { Nearest, Bilinear, Bicubic, Lanczos3, Lanczos5, Area };

/// The interpolation of this name; none when there is no such.
std::optional<Interpolation> findInterpolation(llvm::StringRef name);
/// All names.
llvm::SmallVector<std::string> interpolationNames();

struct Resampling {
  Interpolation interpolation = Interpolation::Bilinear;
  bool antialias = false; ///< every element of a smaller image looks at all that it covers
};

/// Images x (channels last, floating-point) with the height and width of `size`. Refuses sizes that
/// would take tables of more than 2^24 elements.
Tensor resample(const Place &place, Tensor x, llvm::ArrayRef<int64_t> size,
                const Resampling &resampling);

} // namespace lamina::frontend::keras
