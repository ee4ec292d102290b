#pragma once

#include "frontend/builder/training/schedule.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

/// A serialized learning rate schedule (keras/src/optimizers/schedules/).
Schedule readSchedule(const Place &place, const nlohmann::json &schedule);

} // namespace lamina::frontend::keras
