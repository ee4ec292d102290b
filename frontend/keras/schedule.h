#pragma once

#include "frontend/builder/tensor.h"
#include "frontend/keras/config.h"

namespace lamina::frontend::keras {

/// The learning rate of a serialized schedule (keras/src/optimizers/schedules/) at `iteration`, the
/// number of updates done, an f32 scalar.
Tensor scheduledLearningRate(const Place &place, const nlohmann::json &schedule, Tensor iteration);

} // namespace lamina::frontend::keras
