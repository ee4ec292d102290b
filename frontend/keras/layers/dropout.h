#pragma once

#include "frontend/keras/model/layer.h"

/// Dropout, which other layers have inside of them.
namespace lamina::frontend::keras {

/// The setting `key`, from 0 to 1. What a layer's "seed" says is not followed: the random numbers
/// are the model's own, seeded for the whole run.
double readFraction(Config &config, const char *key);

/// In training each element is zero with probability `rate`, the others are divided by 1 - rate;
/// otherwise x. Along dimensions where `noiseShape` is 1 one decision holds for all.
Tensor dropOut(LayerCall &call, Tensor x, double rate, llvm::ArrayRef<int64_t> noiseShape);

} // namespace lamina::frontend::keras
