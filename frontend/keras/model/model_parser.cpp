#include "frontend/keras/config/problems.h"
#include "frontend/keras/config/registry.h"
#include "frontend/keras/model/definitions.h"
#include "frontend/keras/model/graph_parser.h"
#include "frontend/keras/model/lookup_layer.h"
#include "frontend/keras/operations/operation_call.h"
#include "frontend/keras/training/regularizers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

/// The type that has all values of an input's type.
std::optional<ElementType> findInputType(const std::string &dtype) {
  if (dtype == "float16")
    return ElementType::F32;
  if (dtype == "int16" || dtype == "uint16")
    return ElementType::I32;
  if (dtype == "uint32")
    return ElementType::I64;
  return findElementType(dtype);
}

/// What is known of definitions (definitions.h) while the outermost model is parsed.
struct Definitions {
  const KerasFile &file;      ///< which has them
  std::set<std::string> used; ///< by name
  UnreadSettings unread;
  std::vector<const KerasFile *> open; ///< those that are being parsed, from outside to inside
};

/// Where a model is parsed: its file, its place in the outermost model and in the weights.
struct Context {
  const KerasFile &file;
  const std::map<std::string, std::vector<int64_t>> &inputShapes;
  std::vector<std::string> *problems;
  std::string scope, path;
  bool isOutermost;
  std::map<int64_t, Layer *> *shared; ///< complete layers by "shared_object_id"
  Definitions *definitions;
  bool isDefinition = false; ///< of a class, whose attributes its layers are named after
  bool isFrozen = false;     ///< with all of its layers
};

constexpr char kHowToDefine[] = "; give its meaning as a model with --define CLASS=FILE";

/// Inputs of definitions have the shapes that reach them.
const std::map<std::string, std::vector<int64_t>> &noShapes() {
  static const std::map<std::string, std::vector<int64_t>> none;
  return none;
}

/// The name in a layer's configuration; empty where there is none.
std::string nameOf(const json &layer) {
  const json config = layer.is_object() ? layer.value("config", json()) : json();
  const json name = config.is_object() ? config.value("name", json()) : json();
  return name.is_string() ? name.get<std::string>() : "";
}

class ModelParser {
public:
  ModelParser(Context context, Place place) : context(std::move(context)), place(place) {}
  std::unique_ptr<Model> parse(const ObjectConfig &object);

private:
  void parseSequential(const json &config);
  void parseFunctional(const json &config);
  Layer &addLayer(const json &object);
  std::string readName(const json &object, const json &config, const std::string &className);
  void addSequentialInput(const json &config, const json &layers);
  std::string choosePath(const Layer &layer);
  void fillLayer(Layer &layer, const ObjectConfig &object);
  void fillDefined(Layer &layer, const ObjectConfig &object, const KerasFile &definition);
  std::unique_ptr<Model> parseInner(const Layer &layer, const ObjectConfig &object,
                                    const std::string &path, bool isFrozen);
  bool fillSteps(Layer &layer, const ObjectConfig &object);
  InputDeclaration readInput(const Layer &layer, const json &config);
  std::vector<int64_t> readRowShape(const Place &where, const std::string &name,
                                    const json &batchShape);
  template <typename Step> bool attempt(Step step) {
    return keras::attempt(context.problems, step);
  }

  Context context;
  Place place;
  std::unique_ptr<Model> model = std::make_unique<Model>();
  LayerIndex index;
  std::map<std::string, int> usedPaths;
};

std::unique_ptr<Model> ModelParser::parse(const ObjectConfig &object) {
  const json &config = object.config;
  model->name = config.contains("name") && config["name"].is_string()
                    ? config["name"].get<std::string>()
                    : toSnakeCase(object.className);
  if (!config.contains("layers") || !config["layers"].is_array() || config["layers"].empty())
    place.fail("the model has no layers");
  if (object.className == "Sequential")
    parseSequential(config);
  else
    parseFunctional(config);
  orderCalls(place, *model);
  return std::move(model);
}

void ModelParser::parseSequential(const json &config) {
  addSequentialInput(config, config["layers"]);
  for (const json &object : config["layers"]) {
    Layer &layer = addLayer(object);
    if (!layer.input)
      layer.nodes.push_back({{TensorReference{model->layers.size() - 2, 0, 0}}, {}});
    else if (model->layers.size() > 1)
      layer.place.fail("an InputLayer can only be the first layer of a Sequential model");
  }
  size_t last = model->layers.size() - 1;
  model->inputs = {{{0, 0, 0}, model->layers[0]->name, ""}};
  model->outputs = {{{last, 0, 0}, model->layers[last]->name, ""}};
}

/// A Sequential model that was saved without an InputLayer gets one from the shape that it, or its
/// first layer, was built with.
void ModelParser::addSequentialInput(const json &config, const json &layers) {
  const json &first = layers[0];
  if (first.is_object() && first.value("class_name", json()) == "InputLayer")
    return;
  json shape = config.value("build_input_shape", json());
  const json layerConfig = first.is_object() ? first.value("config", json()) : json();
  for (const char *key : {"batch_shape", "batch_input_shape"})
    if (shape.is_null() && layerConfig.is_object())
      shape = layerConfig.value(key, json());
  if (shape.is_null() && first.is_object() && first.contains("build_config") &&
      first["build_config"].is_object())
    shape = first["build_config"].value("input_shape", json());
  json input = {{"class_name", "InputLayer"},
                {"config", {{"name", "input_layer"}, {"batch_shape", shape}}}};
  addLayer(input);
}

void ModelParser::parseFunctional(const json &config) {
  for (const json &object : config["layers"])
    addLayer(object);
  for (size_t i = 0; i < model->layers.size(); ++i) {
    Layer &layer = *model->layers[i];
    if (layer.input)
      continue;
    const json &object = config["layers"][i];
    layer.nodes = parseNodes(layer, index,
                             object.is_object() ? object.value("inbound_nodes", json()) : json());
  }
  model->inputs = parsePorts(place, *model, index, config.value("input_layers", json()));
  model->outputs = parsePorts(place, *model, index, config.value("output_layers", json()));
  for (const ModelPort &port : model->inputs)
    if (!model->layers[port.tensor.layer]->input)
      place.fail(fmt::format("input '{}' is not an InputLayer", printable(port.name)));
}

/// The name is in the layer's configuration, with operations beside it.
std::string ModelParser::readName(const json &object, const json &config,
                                  const std::string &className) {
  for (const json *part : {&config, &object})
    if (part->is_object() && part->contains("name") && (*part)["name"].is_string())
      return (*part)["name"].get<std::string>();
  return fmt::format("{}_{}", toSnakeCase(className), model->layers.size());
}

Layer &ModelParser::addLayer(const json &value) {
  auto layer = std::make_unique<Layer>();
  Place unnamed = {context.file.path, fmt::format("layer {} of model '{}'", model->layers.size(),
                                                  printable(model->name))};
  ObjectConfig object;
  const KerasFile *definition =
      findDefinition(context.definitions->file, value, nameOf(value), context.definitions->used);
  bool isRead = attempt([&] {
    object = definition ? readDefined(unnamed, value)
                        : ObjectConfig::read(unnamed, "the layer", value, kHowToDefine);
  });
  json id = value.is_object() ? value.value("shared_object_id", json()) : json();
  const json &config = object.config;
  layer->className = object.className;
  layer->isOperation = !definition && isOperation(object);
  layer->name = readName(value, config, object.className);
  layer->scope = context.scope + layer->name;
  layer->place = {context.file.path, fmt::format("layer '{}'", printable(layer->scope))};
  layer->isFrozen = context.isFrozen || context.definitions->file.frozen.contains(layer->scope);
  layer->isTrainable =
      !layer->isFrozen && (!config.contains("trainable") || config["trainable"] != json(false));
  if (!layer->isOperation) // which the weights file does not count
    layer->path = choosePath(*layer);
  if (!index.emplace(layer->name, model->layers.size()).second)
    layer->place.fail("the model has two layers of this name");
  auto known =
      id.is_number_integer() ? context.shared->find(id.get<int64_t>()) : context.shared->end();
  if (known != context.shared->end() && known->second->className == layer->className)
    layer->original = known->second;
  else if (isRead)
    isRead = attempt(
        [&] { definition ? fillDefined(*layer, object, *definition) : fillLayer(*layer, object); });
  if (!isRead)
    layer->meaning = createLayer(layer->place, {"Identity"});
  else if (id.is_number_integer() && !layer->input)
    context.shared->try_emplace(id.get<int64_t>(), layer.get());
  return *model->layers.emplace_back(std::move(layer));
}

std::string ModelParser::choosePath(const Layer &layer) {
  if (context.isDefinition) {
    std::string attribute = layer.name;
    std::replace(attribute.begin(), attribute.end(), '.', '/');
    return context.path + attribute;
  }
  std::string snake = toSnakeCase(ownClassName(layer.className));
  int used = usedPaths[snake]++;
  return context.path + "layers/" + (used ? fmt::format("{}_{}", snake, used) : snake);
}

void ModelParser::fillDefined(Layer &layer, const ObjectConfig &object,
                              const KerasFile &definition) {
  Definitions &definitions = *context.definitions;
  if (llvm::is_contained(definitions.open, &definition))
    layer.place.fail(fmt::format("its definition {} contains itself", definition.path));
  std::set<std::string> read;
  ObjectConfig meaning = instantiate(layer.place, definition, object.config, read);
  std::map<int64_t, Layer *> shared;
  Context inner = {definition,           noShapes(), context.problems, layer.scope + "/",
                   layer.path + "/",     false,      &shared,          &definitions,
                   /*isDefinition=*/true};
  inner.isFrozen = layer.isFrozen;
  definitions.open.push_back(&definition);
  layer.model = ModelParser(inner, {definition.path, layer.place.part}).parse(meaning);
  definitions.open.pop_back();
  layer.parameters = readParameters(layer.place, *layer.model, object.config, read);
  layer.definition = definition.path;
  layer.type = readPolicy(layer.place, object.config.value("dtype", json()));
  definitions.unread.compare(layer.place, definition, object.config, read);
}

void ModelParser::fillLayer(Layer &layer, const ObjectConfig &object) {
  if (object.className == "InputLayer") {
    layer.input = readInput(layer, object.config);
    return;
  }
  bool isLookup = isLookupClass(object.className);
  if (!layer.isOperation && !isLookup) // whose "dtype" is an argument, and one of indices
    layer.type = readPolicy(layer.place, object.config.value("dtype", json()));
  if (isModelClass(object.className)) {
    layer.model = parseInner(layer, object, layer.path + "/", /*isFrozen=*/false);
    return;
  }
  if (object.className == "TimeDistributed" && fillSteps(layer, object))
    return;
  layer.meaning = createLayer(layer.place, object);
  if (isLookup)
    static_cast<LookupMeaning &>(*layer.meaning)
        .readStored(layer.place, {context.file, layer.path});
  layer.activityRegularizer = layer.meaning->penalizesInside()
                                  ? std::nullopt
                                  : readActivityRegularizer(layer.place, object);
}

std::unique_ptr<Model> ModelParser::parseInner(const Layer &layer, const ObjectConfig &object,
                                               const std::string &path, bool isFrozen) {
  Context inner = context;
  inner.scope = layer.scope + "/";
  inner.path = path;
  inner.isOutermost = inner.isDefinition = false;
  inner.isFrozen |= isFrozen;
  // A copy: should the inner model fail, its layers are gone.
  auto shared = *context.shared;
  inner.shared = &shared;
  std::unique_ptr<Model> model = ModelParser(inner, layer.place).parse(object);
  *context.shared = std::move(shared);
  return model;
}

/// Whether the layer wraps a model: other layers mean something by themselves.
bool ModelParser::fillSteps(Layer &layer, const ObjectConfig &object) {
  const json wrapped = object.config.value("layer", json());
  if (!wrapped.is_object() || !wrapped.contains("class_name") ||
      !wrapped["class_name"].is_string() || !isModelClass(wrapped["class_name"]))
    return false;
  layer.model = parseInner(layer, ObjectConfig::read(layer.place, "the wrapped model", wrapped),
                           layer.path + "/layer/", layer.isFrozen);
  layer.isInSteps = true;
  layer.activityRegularizer = readActivityRegularizer(layer.place, object);
  return true;
}

InputDeclaration ModelParser::readInput(const Layer &layer, const json &object) {
  Config config(object, layer.place);
  config.ignore({"name", "trainable", "optional"});
  InputDeclaration input;
  std::string dtype = config.text("dtype", "float32");
  input.isText = dtype == "string";
  std::optional<ElementType> type = input.isText ? ElementType::U8 : findInputType(dtype);
  if (!type)
    config.fail(fmt::format("an input of type {} is not supported", printable(dtype)));
  input.type = *type;
  input.isHalf = dtype == "float16";
  json shape = config.raw("batch_shape");
  if (shape.is_null())
    shape = config.raw("batch_input_shape");
  input.rowShape = readRowShape(layer.place, layer.name, shape);
  input.isScalar = shape.is_array() && shape.empty();
  if (shape.is_array() && !shape.empty() && shape[0].is_number_integer())
    input.batch = shape[0].get<int64_t>();
  config.finish("InputLayer");
  return input;
}

std::vector<int64_t> ModelParser::readRowShape(const Place &where, const std::string &name,
                                               const json &batchShape) {
  auto given = context.inputShapes.find(name);
  if (context.isOutermost && given != context.inputShapes.end())
    return given->second;
  if (!batchShape.is_array() || batchShape.empty())
    return {-1};
  std::vector<int64_t> shape;
  for (const json &extent : llvm::drop_begin(batchShape)) {
    bool isKnown = extent.is_number_integer() && extent.get<int64_t>() > 0;
    if (!isKnown && !extent.is_null())
      where.fail(fmt::format("has the shape {}", printable(batchShape.dump())));
    shape.push_back(isKnown ? extent.get<int64_t>() : -1);
  }
  return shape;
}

void flatten(const Model &model, std::vector<Layer *> &layers) {
  for (const std::unique_ptr<Layer> &layer : model.layers)
    if (layer->original)
      continue; // found where it comes first
    else if (layer->model)
      flatten(*layer->model, layers);
    else if (!layer->variables.empty())
      layers.push_back(layer.get());
}

} // namespace

bool isModelClass(const std::string &className) {
  return className == "Sequential" || className == "Functional" || className == "Model";
}

std::vector<Layer *> Model::flattenLayers() const {
  std::vector<Layer *> layers;
  flatten(*this, layers);
  return layers;
}

std::unique_ptr<Model> parseModel(const KerasFile &file,
                                  const std::map<std::string, std::vector<int64_t>> &inputShapes,
                                  std::vector<std::string> *problems) {
  Place place = {file.path, ""};
  ObjectConfig object = ObjectConfig::read(place, "the model", file.config);
  if (!isModelClass(object.className))
    place.fail(fmt::format("class {} is not a Sequential or Functional model",
                           printable(object.className)));
  std::map<int64_t, Layer *> shared;
  Definitions definitions = {file, {}, {}, {}};
  auto model =
      ModelParser({file, inputShapes, problems, "", "", true, &shared, &definitions}, place)
          .parse(object);
  for (const auto &[name, definition] : file.definitions)
    if (!definitions.used.contains(name))
      attempt(problems, [&] {
        place.fail(
            fmt::format("no layer is of class {0} or a Lambda layer named so; leave --define "
                        "{0}={1} out",
                        printable(name), definition->path));
      });
  attempt(problems, [&] { takeLookups(*model, inputShapes); });
  return model;
}

/// An underscore goes before each capital that starts a word: one followed by a lower-case letter
/// (unless first), or one that follows a lower-case letter.
std::string toSnakeCase(std::string_view name) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    bool isUpper = llvm::isUpper(name[i]);
    bool beforeLower = i + 1 < name.size() && llvm::isLower(name[i + 1]);
    bool afterLower = i > 0 && llvm::isLower(name[i - 1]);
    if (isUpper && i > 0 && (beforeLower || afterLower))
      result += '_';
    result += llvm::toLower(name[i]);
  }
  return result;
}

} // namespace lamina::frontend::keras
