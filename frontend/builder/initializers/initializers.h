#pragma once

#include "frontend/builder/initializer.h"

/// The values of each initializer, of any element type.
namespace lamina::frontend::builder {

Tensor initialValue(const ConstantInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const IdentityInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const UniformInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const NormalInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const OrthogonalInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const VarianceScalingInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const ConcatenatedInitializer &initializer, const InitializerCall &call);
Tensor initialValue(const SeedInitializer &initializer, const InitializerCall &call);

} // namespace lamina::frontend::builder
