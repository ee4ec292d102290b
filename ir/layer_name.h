#pragma once

#include <string>

#include "mlir/IR/Location.h"

namespace lamina::ir {

/// The layer that a location names, empty when it names none.
std::string layerOf(mlir::Location location);

} // namespace lamina::ir
