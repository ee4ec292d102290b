#include "tools/lamina/run/layer_graph.h"

#include <fmt/format.h>

#include "frontend/keras/model/model.h"

namespace lamina::tools {

namespace {

using frontend::keras::Model;

std::string nameOf(const Model &model, size_t layer, size_t node) {
  const std::string &name = model.layers[layer]->name;
  return node == 0 ? name : fmt::format("{}_call_{}", name, node);
}

} // namespace

std::vector<trainer::GraphNode>
layerGraph(const frontend::KerasFile &file,
           const std::map<std::string, std::vector<int64_t>> &inputShapes) {
  auto model = frontend::keras::parseModel(file, inputShapes);
  std::vector<trainer::GraphNode> nodes;
  for (const auto &port : model->inputs)
    nodes.push_back({nameOf(*model, port.tensor.layer, 0), "InputLayer", {}});
  for (auto [layer, call] : model->order) {
    trainer::GraphNode &node = nodes.emplace_back();
    node.name = nameOf(*model, layer, call);
    node.operation = model->layers[layer]->className;
    for (const auto &input : model->layers[layer]->nodes[call].inputs)
      node.inputs.push_back(nameOf(*model, input.layer, input.node));
  }
  return nodes;
}

} // namespace lamina::tools
