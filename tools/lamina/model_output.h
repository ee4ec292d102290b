#pragma once

#include <map>
#include <optional>
#include <string>

#include "frontend/files/models/keras_file.h"
#include "mlir/IR/BuiltinOps.h"

namespace lamina::tools {

/// The format that the name asks for. Throws UserError `cannot write PATH: the name must end in …`.
frontend::ModelFormat requireModelFormat(const std::string &path);

/// Writes the model to `path` in the format that the name asks for. `module` is the imported model:
/// it knows the order of weights in legacy files, so it may be null for other formats.
void writeModel(const std::string &path, const frontend::KerasFile &file, mlir::ModuleOp module,
                const std::map<std::string, frontend::Array> &weights,
                const std::optional<nlohmann::json> &compileConfig = std::nullopt);

} // namespace lamina::tools
