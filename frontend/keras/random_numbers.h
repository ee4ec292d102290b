#pragma once

#include "frontend/keras/tensor.h"

/// Numbers of a distribution from uniform random bits (i32), one from each.
namespace lamina::frontend::keras {

/// Standard normal numbers, with `isTruncated` those within two standard deviations alone.
Tensor normalFromBits(Tensor bits, bool isTruncated = false);

} // namespace lamina::frontend::keras
