#pragma once

#include <string>

#include "tools/lamina/layer_summary.h"

/// A drawing of a model's layers.
namespace lamina::tools {

/// Throws UserError unless `path` can be written and ends in .dot, or in .svg, .png or .pdf and
/// Graphviz' `dot`, which makes those, is there.
void requireDrawable(const std::string &path);

/// Draws what `path` ends in. Every layer is a box with its name, class, output shapes and
/// parameters, nested models are frames around theirs, and a layer that is called several times has
/// arrows with the number of the call. Throws UserError when that fails.
void drawModel(const ModelSummary &summary, const std::string &path);

/// The drawing in Graphviz' language.
std::string modelAsDot(const ModelSummary &summary);

} // namespace lamina::tools
