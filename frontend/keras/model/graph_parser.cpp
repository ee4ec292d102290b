#include "frontend/keras/model/graph_parser.h"

#include <deque>

#include "frontend/keras/config/registry.h"
#include "llvm/ADT/StringExtras.h"

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

struct History {
  std::string layer;
  int64_t node = 0, tensor = 0;
};

/// [layer, node, tensor]
std::optional<History> readHistory(const json &value) {
  if (!value.is_array() || value.size() < 3 || !value[0].is_string() ||
      !value[1].is_number_integer() || !value[2].is_number_integer())
    return std::nullopt;
  return History{value[0].get<std::string>(), value[1].get<int64_t>(), value[2].get<int64_t>()};
}

TensorReference resolve(const Place &place, const LayerIndex &index, const History &history) {
  auto layer = index.find(history.layer);
  if (layer == index.end())
    place.fail(fmt::format("refers to layer '{}', which the model does not have",
                           printable(history.layer)));
  if (history.node < 0 || history.tensor < 0)
    place.fail(fmt::format("refers to call {} of layer '{}', which does not exist", history.node,
                           printable(history.layer)));
  return {layer->second, static_cast<size_t>(history.node), static_cast<size_t>(history.tensor)};
}

bool isTensor(const json &value) {
  return value.is_object() && value.value("class_name", json()) == kTensorReference;
}

TensorReference readTensor(const Place &place, const LayerIndex &index, const json &value) {
  const json config = value.value("config", json());
  auto history =
      config.is_object() ? readHistory(config.value("keras_history", json())) : std::nullopt;
  if (!history)
    place.fail("is called with a tensor without a valid \"keras_history\"");
  return resolve(place, index, *history);
}

/// Collects the tensors in a call's argument, dicts by sorted key.
void collectTensors(const Place &place, const LayerIndex &index, const json &value,
                    std::vector<TensorReference> &tensors) {
  if (value.is_array()) {
    for (const json &item : value)
      collectTensors(place, index, item, tensors);
    return;
  }
  if (!value.is_object())
    place.fail("is called with a constant; only tensors of the model are supported");
  if (!value.contains("class_name")) {
    for (const json &item : value)
      collectTensors(place, index, item, tensors);
    return;
  }
  if (!isTensor(value))
    place.fail(fmt::format("is called with a {}; only tensors of the model are supported",
                           printable(value["class_name"].dump())));
  tensors.push_back(readTensor(place, index, value));
}

/// `value` with its tensors moved to `tensors` and replaced by their places there.
json bindTensors(const Place &place, const LayerIndex &index, const json &value,
                 std::vector<TensorReference> &tensors) {
  if (isTensor(value)) {
    tensors.push_back(readTensor(place, index, value));
    return {{"class_name", kTensorReference}, {"config", tensors.size() - 1}};
  }
  json result = value;
  if (value.is_structured())
    for (auto item = result.begin(); item != result.end(); ++item)
      *item = bindTensors(place, index, *item, tensors);
  return result;
}

Node parseOperationNode(const Place &place, const LayerIndex &index, const json &value) {
  Node node;
  for (const char *key : {"args", "kwargs"}) {
    const json part = value.is_object() ? value.value(key, json()) : json();
    if (part.is_null() || !part.is_structured() || part.is_array() != (key[0] == 'a'))
      place.fail(fmt::format("has a call without a proper \"{}\"", key));
    node.arguments[key] = bindTensors(place, index, part, node.inputs);
  }
  if (node.inputs.empty())
    place.fail("has a call without inputs");
  return node;
}

/// Null, or lists or dicts of nothing but null: the masks of several inputs without any.
bool isNull(const json &value) {
  return value.is_null() || (value.is_structured() && llvm::all_of(value, isNull));
}

/// The tensors of a call's "args". A dict for a model whose inputs are a list goes by their names.
void collectInputs(const Place &place, const LayerIndex &index, const json &args,
                   llvm::ArrayRef<std::string> names, std::vector<TensorReference> &tensors) {
  const json first = args.is_array() && args.size() == 1 ? args[0] : json();
  if (names.empty() || !first.is_object() || first.contains("class_name"))
    return collectTensors(place, index, args, tensors);
  for (const std::string &name : names) {
    if (!first.contains(name))
      place.fail(fmt::format("is called with a dict without its input '{}'", printable(name)));
    collectTensors(place, index, first[name], tensors);
  }
}

/// Names of the inputs of a nested model that takes a list; none of other layers.
std::vector<std::string> listedInputs(const Layer &layer) {
  const Layer &home = layer.original ? *layer.original : layer;
  std::vector<std::string> names;
  if (home.model)
    for (const ModelPort &input : home.model->inputs) {
      if (!input.key.empty())
        return {};
      names.push_back(input.name);
    }
  return names;
}

/// A call's argument "mask": that of its input, or a list of those of its inputs with null for
/// none.
void parseMasks(const Place &place, const LayerIndex &index, const json &value, Node &node) {
  const json masks = value.is_array() ? value : json::array({value});
  if (masks.size() != node.inputs.size())
    place.fail(
        fmt::format("is called with {} masks for {} inputs", masks.size(), node.inputs.size()));
  for (auto [i, mask] : llvm::enumerate(masks)) {
    if (mask.is_null())
      continue;
    if (!isTensor(mask))
      place.fail("is called with a mask that is no tensor of the model");
    node.masks[i] = readTensor(place, index, mask);
  }
}

void checkCall(const Place &place, const json &value) {
  if (!value.is_object() || !value.contains("args"))
    place.fail("has a call without \"args\"; files of Keras 2 are not supported, save the model "
               "again with Keras 3");
}

/// The arguments of a call by the names of `parameters`; those that are null are left out.
json nameArguments(const Place &place, const json &value, llvm::ArrayRef<std::string> parameters) {
  json named = value.value("kwargs", json::object());
  const json &positional = value["args"];
  if (!named.is_object() || !positional.is_array() || positional.size() > parameters.size())
    place.fail(fmt::format("has a call that does not fit its {} parameters", parameters.size()));
  for (auto [parameter, argument] : llvm::zip(parameters, positional))
    named[llvm::StringRef(parameter).split('=').first.str()] = argument;
  for (auto argument = named.begin(); argument != named.end();)
    argument = isNull(*argument) ? named.erase(argument) : std::next(argument);
  return named;
}

/// The member by which traced programs keep a call's own `training`; files of Keras have one that
/// the model's overrides.
constexpr char kOwnTraining[] = "lamina_training";

std::optional<bool> parseOwnTraining(const Place &place, const json &value) {
  const json kwargs = value.value("kwargs", json());
  const json training = kwargs.is_object() ? kwargs.value(kOwnTraining, json()) : json();
  if (training.is_null())
    return std::nullopt;
  if (!training.is_boolean())
    place.fail(fmt::format("is called with {}={}", kOwnTraining, printable(training.dump(), 60)));
  return training.get<bool>();
}

/// A call of a layer with LayerEntry::parameters.
Node parseNamedCall(const Place &place, const LayerIndex &index, const json &value,
                    llvm::ArrayRef<std::string> parameters) {
  checkCall(place, value);
  json named = nameArguments(place, value, parameters);
  named.erase("training"); // the model's own
  named.erase(kOwnTraining);
  Node node;
  node.training = parseOwnTraining(place, value);
  node.arguments = json::object();
  for (const std::string &parameter : parameters) {
    auto [name, fallback] = llvm::StringRef(parameter).split('=');
    if (auto argument = named.find(name.str()); argument != named.end()) {
      node.arguments[name.str()] = bindTensors(place, index, *argument, node.inputs);
      named.erase(argument);
    } else if (auto other = node.arguments.find(fallback.str()); other != node.arguments.end()) {
      if (isTensor(*other))
        node.inputs.push_back(node.inputs[(*other)["config"].get<size_t>()]);
    }
  }
  if (!named.empty())
    place.fail(fmt::format("is called with the argument '{}', which is not supported",
                           printable(named.begin().key())));
  if (node.inputs.empty())
    place.fail("has a call without inputs");
  return node;
}

Node parseNode(const Layer &layer, const LayerIndex &index, const json &value,
               llvm::ArrayRef<std::string> further) {
  const Place &place = layer.place;
  checkCall(place, value);
  Node node;
  node.training = parseOwnTraining(place, value);
  collectInputs(place, index, value["args"], listedInputs(layer), node.inputs);
  const json kwargs = value.value("kwargs", json::object());
  if (!kwargs.is_object())
    place.fail("has a call whose \"kwargs\" is not an object");
  if (kwargs.contains("inputs"))
    collectTensors(place, index, kwargs["inputs"], node.inputs);
  for (const std::string &name : further) {
    const json argument = kwargs.value(name, json());
    if (isNull(argument))
      continue;
    size_t before = node.inputs.size();
    collectTensors(place, index, argument, node.inputs);
    if (name == "mask" && node.inputs.size() > before) // Keras hands it on as the input's mask
      node.masks[0] = node.inputs.back();
  }
  for (const auto &[key, argument] : kwargs.items()) {
    // The model's own training argument overrides one in the graph.
    if (isNull(argument) || key == "training" || key == kOwnTraining || key == "inputs" ||
        llvm::is_contained(further, key))
      continue;
    if (key == "mask" && isTensor(argument) && !further.empty())
      node.masks[0] = readTensor(place, index, argument); // further inputs have none
    else if (key == "mask")
      parseMasks(place, index, argument, node);
    else
      place.fail(
          fmt::format("is called with the argument '{}', which is not supported", printable(key)));
  }
  if (node.inputs.empty())
    place.fail("has a call without inputs");
  return node;
}

/// The names by which a call of a layer of a defined class may give inputs of the definition.
std::vector<std::string> definedInputs(const Layer &layer) {
  std::vector<std::string> names;
  for (auto [i, input] : llvm::enumerate(layer.model->inputs))
    if (!layer.parameters->contains(i))
      names.push_back(input.name);
  return names;
}

void checkReference(const Place &place, const Model &model, const TensorReference &tensor) {
  const Layer &layer = *model.layers[tensor.layer];
  size_t calls = layer.input ? 1 : layer.nodes.size();
  if (tensor.node >= calls)
    place.fail(fmt::format("uses call {} of layer '{}', which is called {} times", tensor.node,
                           printable(layer.name), calls));
}

} // namespace

std::vector<TensorReference> Node::references() const {
  std::vector<TensorReference> all = inputs;
  for (const auto &[input, mask] : masks)
    all.push_back(mask);
  return all;
}

std::vector<Node> parseNodes(const Layer &layer, const LayerIndex &index, const json &nodes) {
  if (!nodes.is_array())
    layer.place.fail("has no list of \"inbound_nodes\"");
  const Layer &home = layer.original ? *layer.original : layer;
  std::vector<std::string> further =
      home.parameters ? definedInputs(home) : furtherInputs(layer.className).vec();
  llvm::ArrayRef<std::string> parameters = callParameters(home.parameters ? "" : layer.className);
  std::vector<Node> result;
  for (const json &node : nodes)
    if (layer.isOperation)
      result.push_back(parseOperationNode(layer.place, index, node));
    else if (!parameters.empty())
      result.push_back(parseNamedCall(layer.place, index, node, parameters));
    else
      result.push_back(parseNode(layer, index, node, further));
  return result;
}

std::vector<ModelPort> parsePorts(const Place &place, const Model &model, const LayerIndex &index,
                                  const json &ports) {
  std::vector<ModelPort> result;
  auto visit = [&](auto &self, const json &value, const std::string &key) -> void {
    if (auto history = readHistory(value); history && value.size() == 3) {
      TensorReference tensor = resolve(place, index, *history);
      const Layer &layer = *model.layers[tensor.layer];
      // Keras writes calls of a nested Functional from 1 on here, unlike in inbound nodes.
      bool isModel = (layer.original ? *layer.original : layer).model != nullptr;
      if (isModel && layer.className != "Sequential")
        tensor.node = tensor.node == 0 ? layer.nodes.size() - 1 : tensor.node - 1;
      result.push_back({tensor, layer.name, key});
      return;
    }
    if (!value.is_array() && !value.is_object())
      place.fail("\"input_layers\" and \"output_layers\" must hold [layer, node, tensor]");
    for (const auto &[name, item] : value.items())
      self(self, item, value.is_object() ? name : key);
  };
  visit(visit, ports, "");
  if (result.empty())
    place.fail("needs at least one input and one output");
  return result;
}

void orderCalls(const Place &place, Model &model) {
  std::map<std::pair<size_t, size_t>, size_t> missing;
  std::map<std::pair<size_t, size_t>, std::vector<std::pair<size_t, size_t>>> users;
  std::deque<std::pair<size_t, size_t>> ready;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    Layer &layer = *model.layers[i];
    for (size_t n = 0; n < layer.nodes.size(); ++n) {
      size_t count = 0;
      for (const TensorReference &input : layer.nodes[n].references()) {
        checkReference(layer.place, model, input);
        if (model.layers[input.layer]->input)
          continue;
        ++count;
        users[{input.layer, input.node}].push_back({i, n});
      }
      missing[{i, n}] = count;
      if (count == 0)
        ready.push_back({i, n});
    }
  }
  for (const std::vector<ModelPort> *ports : {&model.inputs, &model.outputs})
    for (const ModelPort &port : *ports)
      checkReference(place, model, port.tensor);
  while (!ready.empty()) {
    auto call = ready.front();
    ready.pop_front();
    model.order.push_back(call);
    for (const auto &user : users[call])
      if (--missing[user] == 0)
        ready.push_back(user);
  }
  for (const auto &[call, count] : missing)
    if (count != 0)
      model.layers[call.first]->place.fail("is part of a cycle in the model's graph");
}

} // namespace lamina::frontend::keras
