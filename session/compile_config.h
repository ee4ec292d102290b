#pragma once

#include <optional>

#include "frontend/files/models/keras_file.h"
#include "frontend/keras/import.h"

namespace lamina::session {

/// The compile_config that a written model gets when options took the place of the file's settings;
/// nothing when they did not.
std::optional<nlohmann::json> changedCompileConfig(const frontend::KerasFile &file,
                                                   const frontend::ImportOptions &options);

} // namespace lamina::session
