#pragma once

#include "frontend/keras/model/layer.h"

namespace lamina::frontend::keras {

/// A list of extents; `rows` stands for null, which is refused without it.
std::vector<int64_t> readExtents(Config &config, const char *key, std::optional<int64_t> rows);

/// A weight of the user's own code as traced programs describe it: shape, type, initializer,
/// regularizer, constraint, whether it is trained.
VariableDeclaration readTracedVariable(Config &config);

} // namespace lamina::frontend::keras
