#include "frontend/keras/model/lookup_layer.h"

#include <set>

#include "frontend/files/bytes.h"
#include "frontend/keras/model/graph_parser.h"

namespace lamina::frontend::keras {
namespace {

using Call = std::pair<size_t, size_t>; ///< (layer, node)

const Layer &homeOf(const Layer &layer) {
  return layer.original ? *layer.original : layer;
}

const LookupMeaning *lookupOf(const Layer &layer) {
  bool isLookup = homeOf(layer).meaning && isLookupClass(homeOf(layer).className);
  return isLookup ? static_cast<const LookupMeaning *>(homeOf(layer).meaning.get()) : nullptr;
}

/// Takes the lookups out of one model, those in it done.
class LookupTaker {
public:
  LookupTaker(Model &model, const std::map<std::string, std::vector<int64_t>> &inputShapes)
      : model(model), inputShapes(inputShapes) {}

  void run();

private:
  void addDataInputs();
  void takeCalls();
  void takeLookup(Layer &layer, const Node &node, const LookupMeaning &meaning, Call call);
  void takeInner(Layer &layer, Node &node, const Model &inner);
  size_t addCall(const Layer &layer, const LookupResult &result, std::vector<size_t> operands);
  size_t valueOf(const TensorReference &tensor, const Layer &user) const;
  void connect();
  TensorReference connectValue(size_t value, const Layer &user);
  TensorReference makeInput(size_t value);
  void choosePorts();

  Model &model;
  const std::map<std::string, std::vector<int64_t>> &inputShapes;
  LookupPlan plan;
  std::map<Call, size_t> values; ///< the numbers of inputs and lookups
  /// By value: what it is, and of lookups the layer that calls it, or one like it.
  std::vector<LookupInput> kinds;
  std::vector<const Layer *> layers;
  std::map<const TensorReference *, size_t> replaced; ///< inputs of calls that became lookups
  std::map<size_t, TensorReference> places;           ///< of values that the step takes
  std::set<size_t> lookedUp;                          ///< values that lookups take
};

void LookupTaker::addDataInputs() {
  for (const ModelPort &port : model.inputs) {
    const Layer &layer = *model.layers[port.tensor.layer];
    const InputDeclaration &input = *layer.input;
    values[{port.tensor.layer, 0}] = plan.inputs.size();
    plan.inputs.push_back({layer.name, input.isText, input.type, input.rowShape});
    kinds.push_back({input.isText, input.type, input.rowShape});
    layers.push_back(&layer);
  }
}

size_t LookupTaker::valueOf(const TensorReference &tensor, const Layer &user) const {
  auto found = values.find({tensor.layer, tensor.node});
  if (found == values.end())
    LookupMeaning::refuseComputed(user.place);
  return found->second;
}

size_t LookupTaker::addCall(const Layer &layer, const LookupResult &result,
                            std::vector<size_t> operands) {
  lookedUp.insert(operands.begin(), operands.end());
  plan.calls.push_back({layer.name, result.lookup, std::move(operands)});
  kinds.push_back({false, result.type, result.rowShape});
  layers.push_back(&layer);
  return kinds.size() - 1;
}

void LookupTaker::takeLookup(Layer &layer, const Node &node, const LookupMeaning &meaning,
                             Call call) {
  std::vector<size_t> operands;
  std::vector<LookupInput> inputs;
  for (const TensorReference &input : node.inputs) {
    operands.push_back(valueOf(input, layer));
    inputs.push_back(kinds[operands.back()]);
  }
  auto shape = inputShapes.find(layer.name);
  auto given = shape == inputShapes.end() ? std::nullopt : std::optional(shape->second);
  LookupResult result = meaning.prepare(layer.place, inputs, given);
  if (given && llvm::is_contained(result.rowShape, -1) && given->size() == result.rowShape.size())
    result.rowShape = *given;
  values[call] = addCall(layer, result, operands);
}

/// The lookups of a model that is called here become this model's, with the call's arguments.
void LookupTaker::takeInner(Layer &layer, Node &node, const Model &inner) {
  std::vector<std::optional<size_t>> outer;
  for (size_t i = 0; i < inner.lookups.inputs.size(); ++i) {
    if (i >= node.inputs.size())
      layer.place.fail("is a model that is called with too few inputs");
    auto found = values.find({node.inputs[i].layer, node.inputs[i].node});
    outer.push_back(found == values.end() ? std::nullopt : std::optional(found->second));
  }
  for (auto [i, call] : llvm::enumerate(inner.lookups.calls)) {
    std::vector<size_t> operands;
    for (size_t operand : call.operands) {
      if (!outer[operand])
        LookupMeaning::refuseComputed(layer.place);
      operands.push_back(*outer[operand]);
    }
    const Layer *looked = nullptr;
    for (auto [port, value] : llvm::zip_equal(inner.inputs, inner.lookups.results))
      if (value == inner.lookups.inputs.size() + i)
        looked = inner.layers[port.tensor.layer].get();
    const Layer &like = looked ? *looked : layer;
    LookupResult result = {call.lookup};
    if (looked)
      result = {call.lookup, looked->input->type, looked->input->rowShape};
    outer.push_back(addCall(like, result, operands));
  }
  std::vector<TensorReference> given = std::move(node.inputs);
  node.inputs.assign(inner.lookups.results.size(), {});
  for (auto [input, value] : llvm::zip_equal(node.inputs, inner.lookups.results))
    if (value < inner.lookups.inputs.size())
      input = given[value];
    else
      replaced[&input] = *outer[value];
}

void LookupTaker::takeCalls() {
  for (Call call : model.order) {
    Layer &layer = *model.layers[call.first];
    Node &node = layer.nodes[call.second];
    if (const LookupMeaning *meaning = lookupOf(layer))
      takeLookup(layer, node, *meaning, call);
    else if (const Model *inner = homeOf(layer).model.get(); inner && !inner->lookups.isEmpty())
      takeInner(layer, node, *inner);
  }
}

/// The input of the model that a lookup's result becomes: in the layer's own place where it can.
TensorReference LookupTaker::makeInput(size_t value) {
  InputDeclaration input;
  input.type = kinds[value].type;
  input.rowShape = kinds[value].rowShape;
  for (auto [call, number] : values)
    if (number == value && call.second == 0) {
      model.layers[call.first]->input = input;
      return {call.first, 0, 0};
    }
  const Layer &like = *layers[value];
  auto layer = std::make_unique<Layer>();
  layer->className = like.className;
  layer->place = like.place;
  auto isTaken = [&](const std::string &name) {
    return llvm::any_of(model.layers, [&](const auto &other) { return other->name == name; });
  };
  layer->name = like.name;
  for (int64_t i = 1; isTaken(layer->name); ++i)
    layer->name = fmt::format("{}_{}", like.name, i);
  layer->scope = layer->name;
  layer->input = input;
  model.layers.push_back(std::move(layer));
  return {model.layers.size() - 1, 0, 0};
}

TensorReference LookupTaker::connectValue(size_t value, const Layer &user) {
  if (kinds[value].isText)
    user.place.fail("is called with text, which only lookups take: StringLookup, "
                    "TextVectorization, Hashing and HashedCrossing");
  auto place = places.find(value);
  if (place == places.end())
    place = places
                .emplace(value,
                         value < plan.inputs.size() ? model.inputs[value].tensor : makeInput(value))
                .first;
  return place->second;
}

/// Lets all that is no lookup use the inputs that lookups became.
void LookupTaker::connect() {
  auto connectTensor = [&](TensorReference &tensor, const Layer &user) {
    if (auto value = values.find({tensor.layer, tensor.node}); value != values.end())
      tensor = connectValue(value->second, user);
  };
  for (size_t i = 0, count = model.layers.size(); i < count; ++i) {
    Layer &layer = *model.layers[i];
    if (lookupOf(layer))
      continue;
    for (Node &node : layer.nodes) {
      for (TensorReference &input : node.inputs)
        if (auto value = replaced.find(&input); value != replaced.end())
          input = connectValue(value->second, layer);
        else
          connectTensor(input, layer);
      for (auto &[input, mask] : node.masks)
        connectTensor(mask, layer);
    }
  }
  for (ModelPort &output : model.outputs)
    connectTensor(output.tensor, *model.layers[output.tensor.layer]);
}

/// Inputs that only lookups use are the data's alone.
void LookupTaker::choosePorts() {
  std::vector<ModelPort> ports;
  for (size_t value = 0; value < kinds.size(); ++value) {
    bool isData = value < plan.inputs.size();
    bool isUsed =
        places.contains(value) || (isData && !kinds[value].isText && !lookedUp.contains(value));
    if (!isUsed)
      continue;
    plan.results.push_back(value);
    if (isData)
      ports.push_back(model.inputs[value]);
    else
      ports.push_back({places.at(value), model.layers[places.at(value).layer]->name, ""});
  }
  model.inputs = std::move(ports);
}

void LookupTaker::run() {
  addDataInputs();
  takeCalls();
  bool hasText = llvm::any_of(kinds, [](const LookupInput &kind) { return kind.isText; });
  if (plan.isEmpty() && !hasText)
    return;
  connect();
  choosePorts();
  for (const std::unique_ptr<Layer> &layer : model.layers)
    if (lookupOf(*layer)) {
      layer->nodes.clear();
      layer->original = layer->input ? nullptr : layer->original;
    }
  model.lookups = std::move(plan);
  model.order.clear();
  orderCalls(model.layers.front()->place, model);
}

} // namespace

StoredVocabulary::StoredVocabulary(const KerasFile &file, const std::string &path) {
  auto text = file.assets.find("assets/" + path + "/vocabulary.txt");
  if (text != file.assets.end())
    lines = asText(text->second);
  if (auto array = file.weights.find(path + "/vars/idf_weights"); array != file.weights.end())
    weights = &array->second;
}

void LookupMeaning::refuseComputed(const Place &place) {
  place.fail(
      "looks up what other layers compute, or stands inside of one that calls a model step by "
      "step; only inputs of the model are looked up, before the step: give the values as an "
      "input of their own");
}

void takeLookups(Model &model, const std::map<std::string, std::vector<int64_t>> &inputShapes) {
  for (const std::unique_ptr<Layer> &layer : model.layers)
    if (layer->model && !layer->isInSteps && !layer->parameters)
      takeLookups(*layer->model, {});
  LookupTaker(model, inputShapes).run();
}

} // namespace lamina::frontend::keras
