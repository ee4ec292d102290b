#pragma once

#include <map>

#include "frontend/keras/model/model.h"

/// The wiring of a Functional model's configuration.
namespace lamina::frontend::keras {

/// Layers of one model by name.
using LayerIndex = std::map<std::string, size_t>;

/// Reads the "inbound_nodes" of `layer`: the list of its calls. Layers are called with tensors of
/// the model alone, operations of keras.ops with anything.
std::vector<Node> parseNodes(const Layer &layer, const LayerIndex &index,
                             const nlohmann::json &nodes);

/// Reads "input_layers" or "output_layers": one tensor, a list or a dict of them.
std::vector<ModelPort> parsePorts(const Place &place, const Model &model, const LayerIndex &index,
                                  const nlohmann::json &ports);

/// Fills `model.order`. Refuses cycles and calls whose inputs do not exist.
void orderCalls(const Place &place, Model &model);

} // namespace lamina::frontend::keras
