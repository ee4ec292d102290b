#pragma once

#include "frontend/builder/tensor.h"

/// Numbers of a distribution from uniform random bits (i32), one from each.
namespace lamina::frontend::builder {

/// Standard normal numbers, with `isTruncated` those within two standard deviations alone.
Tensor normalFromBits(Tensor bits, bool isTruncated = false);

} // namespace lamina::frontend::builder
