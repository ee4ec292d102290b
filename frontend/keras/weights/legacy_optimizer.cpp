#include "frontend/keras/weights/legacy_optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "frontend/files/models/legacy_config.h"
#include "frontend/keras/weights/weights.h"
#include "ir/signature.h"
#include "support/error.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::frontend {
namespace {

/// Slots of an optimizer class under the names of Keras 3, in the order of Keras 2.0 to 2.3.
struct ClassSlots {
  llvm::StringLiteral className;
  std::vector<llvm::StringRef> slots;
};
const ClassSlots kClassSlots[] = {
    {"SGD", {"momentum"}},
    {"RMSprop", {"velocity"}},
    {"Adagrad", {"accumulator"}},
    {"Adadelta", {"accumulated_grad", "accumulated_delta_var"}},
    {"Adam", {"momentum", "velocity", "velocity_hat"}},
    {"Adamax", {"momentum", "norm"}},
    {"Nadam", {"momentum", "velocity"}},
};

/// Slots of Keras 2 by the name that Keras 3 has for them.
struct SlotName {
  llvm::StringLiteral older, modern;
};
constexpr SlotName kSlotNames[] = {
    {"m", "momentum"},
    {"v", "velocity"},
    {"vhat", "velocity_hat"},
    {"u", "norm"},
    {"rms", "velocity"},
    {"mg", "average_gradient"},
    {"accum_grad", "accumulated_grad"},
    {"accum_var", "accumulated_delta_var"},
    {"momentum_cache", "u_product"},
};

std::string modernSlot(llvm::StringRef className, llvm::StringRef older) {
  if (className == "Adamax" && older == "v") // before 2.11
    return "norm";
  for (const SlotName &name : kSlotNames)
    if (older == name.older)
      return name.modern.str();
  return older.str();
}

nlohmann::json optimizerMember(const KerasFile &file, const char *path) {
  nlohmann::json::json_pointer pointer(path);
  return file.compileConfig && file.compileConfig->contains(pointer)
             ? (*file.compileConfig)[pointer]
             : nlohmann::json();
}

std::string optimizerClass(const KerasFile &file) {
  nlohmann::json name = optimizerMember(file, "/optimizer/class_name");
  return name.is_string() ? name.get<std::string>() : "";
}

double optimizerNumber(const KerasFile &file, const char *path, double fallback) {
  nlohmann::json value = optimizerMember(file, path);
  return value.is_number() ? value.get<double>() : fallback;
}

Array scalar(double value) {
  Array array = makeArray(ElementType::F32, {});
  array.values<float>()[0] = static_cast<float>(value);
  return array;
}

/// Null where the configuration has a schedule.
std::optional<Array> configuredLearningRate(const KerasFile &file) {
  nlohmann::json rate = optimizerMember(file, "/optimizer/config/learning_rate");
  return rate.is_number() ? std::optional(scalar(rate.get<double>())) : std::nullopt;
}

/// Nadam's product of the momenta of all updates so far: see optimizers/nadam.cpp.
Array momentumProduct(const KerasFile &file, int64_t updates) {
  bool isLegacy = optimizerMember(file, "/optimizer/module") == "keras.optimizers.legacy";
  double beta = optimizerNumber(file, "/optimizer/config/beta_1", 0.9);
  double pace = isLegacy ? optimizerNumber(file, "/optimizer/config/schedule_decay", 0.004) : 1;
  double product = 1;
  for (int64_t step = 1; step <= updates && product > 1e-50; ++step)
    product *= beta * (1 - 0.5 * std::pow(0.96, pace * static_cast<double>(step)));
  return scalar(product);
}

/// The counter, which Keras before 2.0.6 has as a number of floating point.
std::optional<Array> toIteration(const Array &stored) {
  Array iteration = makeArray(ElementType::I64, {});
  int64_t &value = iteration.values<int64_t>()[0];
  if (!stored.shape.empty())
    return std::nullopt;
  if (stored.type == ElementType::I64)
    value = stored.values<int64_t>()[0];
  else if (stored.type == ElementType::I32)
    value = stored.values<int32_t>()[0];
  else if (stored.type == ElementType::F32 && std::abs(stored.values<float>()[0]) < 1e9f)
    value = static_cast<int64_t>(stored.values<float>()[0]);
  else
    return std::nullopt;
  return iteration;
}

void noteLostState(KerasFile &file, std::string_view reason) {
  file.notes.push_back(
      fmt::format("the optimizer's state is not taken over, it starts afresh: {}", reason));
}

/// The arrays of a file, by slot; every slot in the order of the trainable weights.
struct OlderState {
  std::optional<Array> iteration;
  std::map<std::string, std::vector<Array>> slots;
};

OlderState readByName(std::vector<NamedArray> &stored, llvm::StringRef className) {
  OlderState state;
  bool slotIsLast = llvm::StringRef(stored.front().first).ends_with("iter:0");
  state.iteration = toIteration(stored.front().second);
  for (auto &[name, array] : llvm::drop_begin(stored)) {
    llvm::StringRef path = llvm::StringRef(name).rsplit(':').first;
    llvm::StringRef slot =
        slotIsLast ? path.rsplit('/').second : path.split('/').second.split('/').first;
    state.slots[modernSlot(className, slot)].push_back(std::move(array));
  }
  return state;
}

/// The rank of each trainable weight among them sorted by name.
std::vector<size_t> sortedPlaces(const std::vector<std::string> &names) {
  std::vector<size_t> order(names.size()), places(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return names[a] < names[b]; });
  for (size_t place = 0; place < order.size(); ++place)
    places[order[place]] = place;
  return places;
}

bool sortsByName(const std::string &version) {
  return version.starts_with("2.0.") && version.size() == 5 && version[4] < '6';
}

OlderState readByPosition(std::vector<NamedArray> &stored, llvm::StringRef className,
                          const std::string &version, const std::vector<std::string> &names) {
  OlderState state;
  auto entry = llvm::find_if(kClassSlots,
                             [&](const ClassSlots &slots) { return slots.className == className; });
  // The counter, and Nadam's product in 2.3.
  size_t count = names.size(), first = 0;
  while (first < std::min<size_t>(stored.size(), 2) && stored[first].second.shape.empty())
    ++first;
  if (entry == std::end(kClassSlots) || (stored.size() - first) % count != 0)
    return state;
  // Without a counter in the file Keras counts from zero again.
  state.iteration = first > 0 ? toIteration(stored[0].second) : makeArray(ElementType::I64, {});
  if (first == 2)
    state.slots["u_product"].push_back(std::move(stored[1].second));
  std::vector<size_t> places(count);
  std::iota(places.begin(), places.end(), 0);
  if (sortsByName(version))
    places = sortedPlaces(names);
  for (auto [index, slot] : llvm::enumerate(entry->slots))
    for (size_t place : places)
      if (size_t position = first + index * count + place; position < stored.size())
        state.slots[slot.str()].push_back(std::move(stored[position].second));
  return state;
}

/// Finds the values of the module's optimizer variables in a state.
class Placement {
public:
  Placement(ModuleOp module, OlderState &state, KerasFile &file) : state(state), file(file) {
    for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
      if (variable.getTrainable())
        trainable.push_back(variable);
  }

  /// Nothing where the file does not have it.
  std::optional<Array> find(ir::VariableOp variable) {
    llvm::StringRef name = variable.getSymName().split('/').second;
    if (ir::roleOf(variable) == ir::VariableRole::Iteration)
      return state.iteration;
    if (ir::roleOf(variable) == ir::VariableRole::LearningRate)
      return configuredLearningRate(file);
    if (auto slot = state.slots.find(name.str()); slot != state.slots.end())
      return slot->second.front();
    if (name == "u_product" && state.iteration)
      return momentumProduct(file, state.iteration->values<int64_t>()[0]);
    Array *value = findSlot(name);
    bool fits = value && llvm::ArrayRef(value->shape) == variable.getTensorType().getShape();
    return fits ? std::optional(std::move(*value)) : std::nullopt;
  }

private:
  /// The value of `dense_kernel_momentum`.
  Array *findSlot(llvm::StringRef name) {
    for (auto [index, variable] : llvm::enumerate(trainable)) {
      std::string prefix = variable.getSymName().str() + "_";
      std::replace(prefix.begin(), prefix.end(), '/', '_');
      llvm::StringRef slot = name;
      if (!slot.consume_front(prefix))
        continue;
      auto values = state.slots.find(slot.str());
      if (values != state.slots.end() && values->second.size() == trainable.size())
        return &values->second[index];
    }
    return nullptr;
  }

  OlderState &state;
  KerasFile &file;
  std::vector<ir::VariableOp> trainable;
};

} // namespace

std::vector<ir::VariableOp> optimizerVariables(ModuleOp module) {
  std::vector<ir::VariableOp> variables;
  for (ir::VariableOp variable : module.getOps<ir::VariableOp>())
    if (isOptimizerPath(variable.getPath()))
      variables.push_back(variable);
  return variables;
}

void placeOlderOptimizer(ModuleOp module, std::vector<NamedArray> stored,
                         const std::string &version, const std::vector<std::string> &weightNames,
                         KerasFile &file) {
  std::vector<ir::VariableOp> variables = optimizerVariables(module);
  if (variables.empty() || stored.empty() || weightNames.empty())
    return;
  std::string className = optimizerClass(file);
  OlderState state = isStandaloneKeras(version)
                         ? readByPosition(stored, className, version, weightNames)
                         : readByName(stored, className);
  Placement placement(module, state, file);
  std::map<std::string, Array> placed;
  for (ir::VariableOp variable : variables) {
    std::optional<Array> array = placement.find(variable);
    if (!array)
      return noteLostState(file, fmt::format("there is no '{}' that fits in the file",
                                             printable(variable.getSymName().str())));
    placed.emplace(variable.getPath().str(), std::move(*array));
  }
  file.weights.merge(placed);
}

void completeOlderState(ModuleOp module, KerasFile &file) {
  std::vector<ir::VariableOp> expected = optimizerVariables(module);
  auto iterationEntry = file.weights.find(optimizerPath(0));
  if (expected.empty() || iterationEntry == file.weights.end())
    return;
  std::optional<Array> iteration = toIteration(iterationEntry->second);
  std::map<std::string, Array> state;
  size_t stored = 0;
  for (auto [index, variable] : llvm::enumerate(expected)) {
    llvm::StringRef name = variable.getSymName().split('/').second;
    std::optional<Array> value;
    if (ir::roleOf(variable) == ir::VariableRole::LearningRate)
      value = configuredLearningRate(file);
    else if (name == "u_product" && iteration)
      value = momentumProduct(file, iteration->values<int64_t>()[0]);
    else if (auto entry = file.weights.find(optimizerPath(stored++)); entry != file.weights.end())
      value = entry->second;
    if (!value) {
      // An optimizer that has not run yet has its counter alone.
      if (stored > 2)
        noteLostState(file, "there are fewer values in the file than the optimizer has");
      return;
    }
    state.emplace(optimizerPath(index), std::move(*value));
  }
  std::erase_if(file.weights, [](const auto &entry) { return isOptimizerPath(entry.first); });
  file.weights.merge(state);
  file.isOlder = false;
}

} // namespace lamina::frontend
