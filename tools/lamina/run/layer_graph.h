#pragma once

#include <vector>

#include "frontend/files/models/keras_file.h"
#include "trainer/callbacks/tensorboard_events.h"

namespace lamina::tools {

/// The calls of a model's layers as nodes of a graph: the first call has the layer's name, further
/// ones a number behind it. Nested models are one node.
std::vector<trainer::GraphNode>
layerGraph(const frontend::KerasFile &file,
           const std::map<std::string, std::vector<int64_t>> &inputShapes);

} // namespace lamina::tools
