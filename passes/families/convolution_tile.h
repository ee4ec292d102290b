#pragma once

#include "passes/families/tools.h"

namespace lamina::passes {

/// The register tile with the least cycles for lines of `positions` outputs and `filters` filters.
Tile chooseConvolutionTile(int64_t positions, int64_t filters, const VectorTarget &target);

} // namespace lamina::passes
