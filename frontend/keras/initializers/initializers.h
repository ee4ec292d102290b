#pragma once

#include "frontend/keras/initializer.h"

/// The initializer entries.
namespace lamina::frontend::keras {

std::vector<InitializerEntry> constantInitializers();
std::vector<InitializerEntry> randomInitializers();
std::vector<InitializerEntry> varianceScalingInitializers();

/// Standard normal numbers, truncated to two standard deviations where `isTruncated`.
Tensor normal(const InitializerCall &call, llvm::ArrayRef<int64_t> shape, bool isTruncated);

} // namespace lamina::frontend::keras
