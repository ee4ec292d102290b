#include "frontend/keras/weights/legacy_weights.h"

#include "frontend/keras/model/model.h"
#include "frontend/keras/weights/legacy_optimizer.h"
#include "frontend/keras/weights/weights.h"
#include "ir/module.h"
#include "support/error.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::frontend {

using namespace keras;

namespace {

using Variables = std::vector<ir::VariableOp>;

/// The variables of a layer, each once: its own before those of a layer that it wraps. A layer that
/// several models share has them where it occurs first.
void collectVariables(ModuleOp module, const Layer &layer, Variables &variables) {
  const Layer &home = layer.original ? *layer.original : layer;
  if (home.model && !home.parameters) { // a model that stands for a class is one layer
    for (const auto &inner : home.model->layers)
      collectVariables(module, *inner, variables);
    return;
  }
  for (bool isOwn : {true, false})
    for (ir::VariableOp variable : module.getOps<ir::VariableOp>()) {
      llvm::StringRef place = variable.getPath();
      if (place.consume_front(home.path + "/") && place.starts_with("vars/") == isOwn &&
          !llvm::is_contained(variables, variable))
        variables.push_back(variable);
    }
}

/// In the order of legacy files: trainable ones first.
Variables legacyOrder(ModuleOp module, const Layer &layer) {
  Variables variables, ordered;
  collectVariables(module, layer, variables);
  for (bool isTrainable : {true, false})
    for (ir::VariableOp variable : variables)
      if (variable.getTrainable() == isTrainable)
        ordered.push_back(variable);
  return ordered;
}

void placeOptimizer(ModuleOp module, LegacyWeights &legacy,
                    const std::map<std::string, std::string> &storedNames, KerasFile &file) {
  if (!legacy.version.empty()) {
    std::vector<std::string> weightNames;
    for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
      if (variable.getTrainable())
        weightNames.push_back(storedNames.at(variable.getPath().str()));
    return placeOlderOptimizer(module, std::move(legacy.optimizer), legacy.version, weightNames,
                               file);
  }
  for (auto &&[index, entry] : llvm::enumerate(legacy.optimizer))
    file.weights.emplace(optimizerPath(index), std::move(entry.second));
}

/// Layers of the outermost model that have variables, with them.
std::vector<std::pair<const Layer *, Variables>> layersWithVariables(ModuleOp module,
                                                                     const Model &model) {
  std::vector<std::pair<const Layer *, Variables>> result;
  for (const auto &layer : model.layers)
    if (Variables variables = legacyOrder(module, *layer); !variables.empty())
      result.emplace_back(layer.get(), std::move(variables));
  return result;
}

} // namespace

void placeLegacyWeights(ModuleOp module, KerasFile &file) {
  if (!file.legacyWeights) {
    if (file.isOlder)
      completeOlderState(module, file);
    return;
  }
  LegacyWeights legacy = std::move(*file.legacyWeights);
  file.legacyWeights.reset();
  if (!file.hasWeights)
    return;
  llvm::erase_if(legacy.layers, [](const LegacyLayer &layer) { return layer.weights.empty(); });
  std::unique_ptr<Model> model = parseModel(file, {});
  auto layers = layersWithVariables(module, *model);
  if (layers.size() != legacy.layers.size())
    fail("{}: the model has {} layers with weights, but {} are in the file", file.weightsPath,
         layers.size(), legacy.layers.size());
  std::map<std::string, std::string> storedNames; // by path
  for (auto [entry, stored] : llvm::zip_equal(layers, legacy.layers)) {
    auto &[layer, variables] = entry;
    if (variables.size() != stored.weights.size())
      fail("{}: layer '{}' has {} weights in the model but {} in the file (layer '{}')",
           file.weightsPath, printable(layer->name), variables.size(), stored.weights.size(),
           printable(stored.name));
    for (auto [variable, weight] : llvm::zip_equal(variables, stored.weights)) {
      storedNames.emplace(variable.getPath().str(), weight.first);
      file.weights.emplace(variable.getPath().str(), std::move(weight.second));
    }
  }
  placeOptimizer(module, legacy, storedNames, file);
}

LegacyWeights arrangeLegacyWeights(ModuleOp module, const KerasFile &file,
                                   const std::map<std::string, Array> &weights) {
  LegacyWeights legacy;
  std::unique_ptr<Model> model = parseModel(file, {});
  for (const auto &layer : model->layers) {
    LegacyLayer &entry = legacy.layers.emplace_back(LegacyLayer{layer->name, {}});
    for (ir::VariableOp variable : legacyOrder(module, *layer))
      entry.weights.emplace_back(variable.getSymName().str(), weights.at(variable.getPath().str()));
  }
  for (ir::VariableOp variable : optimizerVariables(module)) {
    auto value = weights.find(variable.getPath().str());
    if (value != weights.end())
      legacy.optimizer.emplace_back(variable.getSymName().str(), value->second);
  }
  return legacy;
}

} // namespace lamina::frontend
