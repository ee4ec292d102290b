#include "frontend/files/models/legacy_config.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "frontend/files/models/legacy_object.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

bool isModelClass(const json &name) {
  return name == "Functional" || name == "Sequential" || name == "Model";
}

/// A setting of a class under the name that Keras 3 has for it; without one it is dropped.
struct Setting {
  std::string_view classes; ///< the class name's start or its whole; empty: every class
  const char *key;
  const char *modern = nullptr;
};

constexpr Setting kSettings[] = {
    {"InputLayer", "batch_input_shape", "batch_shape"},
    {"", "batch_input_shape"},
    {"LeakyReLU", "alpha", "negative_slope"},
    {"SpatialDropout", "noise_shape"},
    {"SpatialDropout", "trainable"},
    {"Discretization", "trainable"},
    {"Conv1DTranspose", "groups"},
    {"Conv2DTranspose", "groups"},
    {"Conv3DTranspose", "groups"},
    {"DepthwiseConv", "groups"},
    {"SeparableConv", "groups"},
    {"SeparableConv", "kernel_initializer"},
    {"SeparableConv", "kernel_regularizer"},
    {"SeparableConv", "kernel_constraint"},
    {"Embedding", "input_length"},
    {"LSTM", "time_major"},
    {"GRU", "time_major"},
    {"SimpleRNN", "time_major"},
    {"RNN", "time_major"},
    {"ConvLSTM", "time_major"},
    {"ConvLSTM", "unroll"},
    {"MultiHeadAttention", "query_shape"},
    {"MultiHeadAttention", "key_shape"},
    {"MultiHeadAttention", "value_shape"},
};

/// A setting that Keras 3 does not have can only go when it asks for nothing special; a `true`
/// stays, so that it is refused and not ignored.
void modernizeSettings(const std::string &className, json &config, bool isOlder) {
  for (const Setting &setting : kSettings) {
    auto member = config.find(setting.key);
    if (member == config.end() || !className.starts_with(setting.classes))
      continue;
    if (setting.modern)
      config[setting.modern] = *member;
    else if (*member == json(true) && std::string_view(setting.key) != "trainable")
      continue;
    config.erase(setting.key);
  }
  for (auto &[key, value] : config.items())
    if (key.ends_with("_initializer") && isObjectOfClass(value) && value["config"].is_object())
      value["config"].erase("dtype"); // which initializers have no more
    else if (isOlder && key.ends_with("activation") && value == "hard_sigmoid")
      value = kOlderHardSigmoid;
  auto axis = config.find("axis");
  if (axis != config.end() && axis->is_array() && axis->size() == 1) {
    json single = axis->front();
    *axis = std::move(single);
  }
}

/// [layer, node, tensor], maybe with a fourth member.
bool isReference(const json &value) {
  return value.is_array() && (value.size() == 3 || value.size() == 4) && value[0].is_string() &&
         value[1].is_number_integer() && value[2].is_number_integer();
}

/// One model's calls and ports.
class Graph {
public:
  explicit Graph(const json &layers) {
    for (const json &layer : layers)
      if (isObjectOfClass(layer) && isModelClass(layer["class_name"]) && layer.contains("name"))
        (layer["class_name"] == "Sequential" ? sequentials : functionals).insert(layer["name"]);
  }

  /// A call that is a list. The first tensor's fourth member has the keyword arguments.
  json modernCall(const json &call) const {
    json kwargs = json::object();
    collectKeywords(call, kwargs);
    json tensors = modernArgument(call);
    // A call of one tensor is a list of one; with several, they are the first argument together.
    bool isSingle = tensors.is_array() && tensors.size() == 1;
    return {{"args", isSingle ? tensors : json::array({tensors})},
            {"kwargs", modernArgument(kwargs)}};
  }

  json modernPorts(const json &ports) const {
    if (isReference(ports)) {
      json port = ports;
      if (sequentials.contains(port[0]))
        port[1] = fromZero(port[1]);
      return port;
    }
    if (!ports.is_structured())
      return ports;
    json result = ports;
    for (json &item : result)
      item = modernPorts(item);
    return result.is_array() && result.size() == 1 && isReference(result[0]) ? json(result[0])
                                                                             : result;
  }

private:
  static json fromZero(const json &node) { return std::max<int64_t>(node.get<int64_t>() - 1, 0); }

  /// References become tensors as Keras 3 serializes them. Their shape is not in the file and of no
  /// consequence: the layer that is referred to has it.
  json modernArgument(const json &value) const {
    if (isReference(value)) {
      json node = value[1];
      if (value[0] == "_CONSTANT_VALUE")
        return value[2];
      if (functionals.contains(value[0]) || sequentials.contains(value[0]))
        node = fromZero(node);
      return {{"class_name", "__keras_tensor__"},
              {"config",
               {{"shape", json::array({nullptr})},
                {"dtype", "float32"},
                {"keras_history", {value[0], node, value[2]}}}}};
    }
    if (!value.is_structured())
      return value;
    json result = value;
    for (json &item : result)
      item = modernArgument(item);
    return result;
  }

  static void collectKeywords(const json &call, json &kwargs) {
    if (isReference(call)) {
      if (call.size() == 4 && call[3].is_object())
        for (const auto &[key, value] : call[3].items())
          if (!value.is_null())
            kwargs[key] = value;
    } else if (call.is_structured()) {
      for (const json &item : call)
        collectKeywords(item, kwargs);
    }
  }

  std::set<json> functionals, sequentials; ///< names of nested models
};

void modernizeObject(json &object, bool isOlder);

bool isRecurrent(const json &className) {
  static const std::set<json> classes = {"LSTM",       "GRU",        "SimpleRNN",  "RNN",
                                         "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"};
  return classes.contains(className);
}

/// Keras 2 has the initial states of a recurrent layer as further inputs, Keras 3 by their name.
void nameStates(json &layer, json &call) {
  json &inputs = call["args"][0];
  if (!inputs.is_array() || inputs.size() < 2 || call["kwargs"].contains("initial_state"))
    return;
  call["kwargs"]["initial_state"] = json(inputs.begin() + 1, inputs.end());
  inputs = json(inputs[0]);
  static const json::json_pointer builtFor("/build_config/input_shape");
  if (layer.contains(builtFor) && layer[builtFor].is_array() && layer[builtFor][0].is_array())
    layer[builtFor] = json(layer[builtFor][0]);
}

/// Layers in layers: of wrappers, and cells of recurrent layers.
void modernizeParts(json &config, bool isOlder) {
  for (const char *key : {"layer", "forward_layer", "backward_layer", "cell", "cells"}) {
    auto part = config.find(key);
    if (part == config.end())
      continue;
    if (isObjectOfClass(*part))
      modernizeObject(*part, isOlder);
    else if (part->is_array())
      for (json &item : *part)
        if (isObjectOfClass(item))
          modernizeObject(item, isOlder);
  }
}

/// A Sequential model of before 2.3 has its input's shape in the first layer.
void addInputLayer(json &layers, const std::string &dtype) {
  if (layers.empty() || !isObjectOfClass(layers[0]) || layers[0]["class_name"] == "InputLayer")
    return;
  const json &first = layers[0]["config"];
  if (!first.is_object() || !first.contains("batch_input_shape"))
    return;
  json name = first.value("name", json("layer"));
  std::string inputName = (name.is_string() ? name.get<std::string>() : "layer") + "_input";
  json input = {{"class_name", "InputLayer"},
                {"config",
                 {{"name", inputName},
                  {"batch_shape", first["batch_input_shape"]},
                  {"dtype", dtype},
                  {"sparse", false}}}};
  layers.insert(layers.begin(), input);
}

void modernizeModelObject(json &object, bool isOlder) {
  bool isSequential = object["class_name"] == "Sequential";
  if (!isSequential)
    object["class_name"] = "Functional";
  object["module"] = isSequential ? "keras" : "keras.src.models.functional";
  object["registered_name"] = object["class_name"];
  json &config = object["config"];
  if (config.is_array())
    config = {{"name", "sequential"}, {"layers", config}};
  if (!config.is_object() || !config.contains("layers") || !config["layers"].is_array())
    return;
  json &layers = config["layers"];
  if (isSequential) {
    bool isEmbedding =
        !layers.empty() && isObjectOfClass(layers[0]) && layers[0]["class_name"] == "Embedding";
    addInputLayer(layers, isEmbedding ? "int32" : "float32");
  }
  Graph graph(layers);
  for (json &layer : layers) {
    if (isObjectOfClass(layer))
      modernizeObject(layer, isOlder);
    if (layer.is_object() && layer.contains("inbound_nodes"))
      for (json &call : layer["inbound_nodes"])
        if (call.is_array()) {
          call = graph.modernCall(call);
          if (isOlder && isRecurrent(layer["class_name"]))
            nameStates(layer, call);
        }
  }
  for (const char *key : {"input_layers", "output_layers"})
    if (isOlder && config.contains(key))
      config[key] = graph.modernPorts(config[key]);
}

/// Classes that have another name, or are a case of another one.
void modernizeClass(json &object) {
  json &className = object["class_name"];
  if (className == "BatchNormalizationV1" || className == "BatchNormalizationV2")
    className = "BatchNormalization";
  if (className != "ThresholdedReLU" || !object["config"].is_object())
    return;
  className = "ReLU";
  object["config"]["threshold"] = object["config"].value("theta", json(1.0));
  object["config"].erase("theta");
}

/// Whether a node of a model is one of keras.ops: Keras 3 says of layers whether they are trained.
bool isOperation(const json &object) {
  const json nodes = object.value("inbound_nodes", json());
  bool isOfKeras3 = nodes.is_array() && !nodes.empty() && nodes[0].is_object();
  return isOfKeras3 && object["config"].is_object() && !object["config"].contains("trainable");
}

void modernizeObject(json &object, bool isOlder) {
  modernizeClass(object);
  if (isModelClass(object["class_name"]))
    return modernizeModelObject(object, isOlder);
  if (!isOlder && isOperation(object))
    return setModule(object, "keras.ops");
  setModule(object, "keras.layers");
  json &config = object["config"];
  if (!config.is_object())
    return;
  modernizeSettings(object["class_name"], config, isOlder);
  modernizeParts(config, isOlder);
}

} // namespace

json writableModel(json model) {
  if (model == kOlderHardSigmoid)
    return "hard_sigmoid";
  if (model.is_structured())
    for (json &item : model)
      item = writableModel(std::move(item));
  return model;
}

bool isOlderKeras(const json &version) {
  return version.is_string() && (version.get<std::string>().starts_with("2.") ||
                                 version.get<std::string>().starts_with("1."));
}

bool isStandaloneKeras(std::string_view version) {
  return version.starts_with("2.") && version.size() > 2 && version[2] >= '0' &&
         version[2] <= '3' && !version.ends_with("-tf") &&
         (version.size() == 3 || version[3] == '.');
}

std::vector<std::string> outputNames(const json &model) {
  static const json::json_pointer path("/config/output_layers");
  std::vector<std::string> names;
  if (!model.is_object() || !model.contains("config") || !model["config"].is_object() ||
      !model.contains(path) || !model[path].is_array())
    return names;
  std::map<std::string, int> used;
  for (const json &port : model[path]) {
    if (!isReference(port))
      return {};
    std::string name = port[0];
    int count = used[name]++;
    names.push_back(count ? name + "_" + std::to_string(count) : name);
  }
  return names;
}

json modernizeModel(json model, bool isOlder) {
  if (isObjectOfClass(model))
    modernizeObject(model, isOlder);
  return model;
}

} // namespace lamina::frontend
