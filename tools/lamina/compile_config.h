#pragma once

#include <optional>

#include "frontend/files/keras_file.h"
#include "tools/lamina/options.h"

namespace lamina::tools {

/// The compile_config that a written model gets when options took the place of the file's settings;
/// nothing when they did not.
std::optional<nlohmann::json> changedCompileConfig(const frontend::KerasFile &file,
                                                   const ModelOptions &options);

} // namespace lamina::tools
