#include "frontend/keras/legacy_weights.h"

#include <deque>

#include "frontend/keras/model.h"
#include "frontend/keras/weights.h"
#include "ir/module.h"
#include "support/error.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::frontend {

using namespace keras;

namespace {

using Variables = std::vector<ir::VariableOp>;

/// The variables of a layer, shared ones where they are at home, each once: its own before those of
/// a layer that it wraps.
void collectVariables(ModuleOp module, const Layer &layer, Variables &variables) {
  const Layer &home = layer.original ? *layer.original : layer;
  if (home.model) {
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

Variables optimizerVariables(ModuleOp module) {
  Variables variables;
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
    if (isOptimizerPath(variable.getPath()))
      variables.push_back(variable);
  return variables;
}

/// Slots of Keras 2 by the name that Keras 3 has for them.
struct SlotName {
  llvm::StringLiteral older, modern;
};
constexpr SlotName kSlotNames[] = {
    {"m", "momentum"}, {"v", "velocity"},   {"vhat", "velocity_hat"},
    {"u", "norm"},     {"rms", "velocity"}, {"mg", "average_gradient"},
};

std::string modernSlot(llvm::StringRef older) {
  for (const SlotName &name : kSlotNames)
    if (older == name.older)
      return name.modern.str();
  return older.str();
}

/// Optimizer state of Keras 2: the iteration first, then `Adam/m/dense/kernel:0`, or before 2.11
/// `Adam/dense/kernel/m:0`; within a slot in the order of the trainable variables.
class OlderOptimizer {
public:
  explicit OlderOptimizer(std::vector<NamedArray> &stored) {
    bool slotIsLast = llvm::StringRef(stored.front().first).ends_with("iter:0");
    iteration = &stored.front().second;
    for (auto &[name, array] : llvm::drop_begin(stored)) {
      llvm::StringRef path = llvm::StringRef(name).rsplit(':').first;
      llvm::StringRef slot =
          slotIsLast ? path.rsplit('/').second : path.split('/').second.split('/').first;
      slots[modernSlot(slot)].push_back(&array);
    }
  }

  /// The next value of the variable `adam/dense_kernel_momentum`; null when there is none.
  Array *take(llvm::StringRef symbol) {
    if (symbol.ends_with("/iteration"))
      return iteration;
    for (auto &[slot, arrays] : slots) {
      if (!symbol.ends_with("_" + slot) || arrays.empty())
        continue;
      Array *array = arrays.front();
      arrays.pop_front();
      return array;
    }
    return nullptr;
  }

private:
  Array *iteration;
  std::map<std::string, std::deque<Array *>> slots;
};

/// Null where the configuration has a schedule.
std::optional<Array> configuredLearningRate(const KerasFile &file) {
  static const nlohmann::json::json_pointer path("/optimizer/config/learning_rate");
  if (!file.compileConfig || !file.compileConfig->contains(path) ||
      !(*file.compileConfig)[path].is_number())
    return std::nullopt;
  Array rate = makeArray(ElementType::F32, {});
  rate.values<float>()[0] = (*file.compileConfig)[path].get<float>();
  return rate;
}

void placeOlderOptimizer(ModuleOp module, std::vector<NamedArray> &stored, KerasFile &file) {
  OlderOptimizer older(stored);
  std::map<std::string, Array> placed;
  for (ir::VariableOp variable : optimizerVariables(module)) {
    std::optional<Array> rate;
    if (variable.getSymName().ends_with("/learning_rate"))
      rate = configuredLearningRate(file);
    Array *array = rate ? &*rate : older.take(variable.getSymName());
    if (!array)
      return;
    placed.emplace(variable.getPath().str(), std::move(*array));
  }
  file.weights.merge(placed);
}

/// Archives of Keras 2 have the state in the order of Keras 3, but for the learning rate; SGD has
/// momenta there even without momentum.
void completeOlderState(ModuleOp module, KerasFile &file) {
  Variables expected = optimizerVariables(module);
  std::optional<Array> rate = configuredLearningRate(file);
  bool hasRate = expected.size() > 1 && expected[1].getSymName().ends_with("/learning_rate");
  std::map<std::string, Array> state;
  for (size_t i = 0, stored = 0; i < expected.size(); ++i) {
    bool isRate = hasRate && i == 1;
    auto entry = file.weights.find(optimizerPath(isRate ? 0 : stored));
    if (entry == file.weights.end() || (isRate && !rate))
      return;
    state.emplace(optimizerPath(i), isRate ? *rate : entry->second);
    stored += !isRate;
  }
  std::erase_if(file.weights, [](const auto &entry) { return isOptimizerPath(entry.first); });
  file.weights.merge(state);
  file.isOlder = false;
}

void placeOptimizer(ModuleOp module, LegacyWeights &legacy, KerasFile &file) {
  if (legacy.optimizer.empty())
    return;
  if (legacy.isOlder)
    return placeOlderOptimizer(module, legacy.optimizer, file);
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
    if (file.isOlder && !optimizerVariables(module).empty())
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
  for (auto [entry, stored] : llvm::zip_equal(layers, legacy.layers)) {
    auto &[layer, variables] = entry;
    if (variables.size() != stored.weights.size())
      fail("{}: layer '{}' has {} weights in the model but {} in the file (layer '{}')",
           file.weightsPath, printable(layer->name), variables.size(), stored.weights.size(),
           printable(stored.name));
    for (auto [variable, weight] : llvm::zip_equal(variables, stored.weights))
      file.weights.emplace(variable.getPath().str(), std::move(weight.second));
  }
  placeOptimizer(module, legacy, file);
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
