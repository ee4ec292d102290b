#include "frontend/keras/model/definitions.h"

#include "ir/host_tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

/// Settings of every layer, which are the layer's own and none of a definition's parameters.
bool isCommon(const std::string &setting) {
  return setting == "name" || setting == "trainable" || setting == "dtype";
}

/// The setting that a text such as "{units}" stands for; empty for another value.
std::string placeholder(const json &value) {
  llvm::StringRef text;
  if (value.is_string())
    text = value.get_ref<const std::string &>();
  bool isBraced = text.consume_front("{") && text.consume_back("}") && !text.empty();
  bool isName = llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  return isBraced && isName ? text.str() : "";
}

void fillIn(const Place &place, json &value, const json &settings, std::set<std::string> &read) {
  if (std::string setting = placeholder(value); !setting.empty()) {
    if (!settings.contains(setting))
      place.fail(fmt::format("its definition asks for the setting '{}', which its configuration "
                             "does not have",
                             setting));
    read.insert(setting);
    value = settings[setting];
  } else if (value.is_structured()) {
    for (json &item : value)
      fillIn(place, item, settings, read);
  }
}

/// "Block" of "package>Block", as `.h5` files name registered classes.
std::string withoutPackage(const std::string &className) {
  return className.substr(className.rfind('>') + 1);
}

/// Paths of the file's weights below `prefix`, those with numbers in the order of these. Seeds of
/// random layers are none.
std::vector<std::string> pathsBelow(const KerasFile &file, const std::string &prefix) {
  std::vector<std::string> paths;
  for (const auto &[path, array] : file.weights)
    if (llvm::StringRef(path).starts_with(prefix) &&
        llvm::StringRef(path).find("seed_generator/") == llvm::StringRef::npos)
      paths.push_back(path);
  llvm::stable_sort(paths, [](const std::string &a, const std::string &b) {
    return llvm::StringRef(a).compare_numeric(b) < 0;
  });
  return paths;
}

/// Gives variables without weights of their own path those that the class added itself.
void placeVariables(const Layer &layer, const KerasFile &file) {
  std::vector<std::string> stored = pathsBelow(file, layer.path + "/");
  if (stored.empty())
    return;
  std::vector<LayerVariable *> pending;
  for (Layer *inner : layer.model->flattenLayers())
    for (LayerVariable &variable : inner->variables)
      if (!llvm::is_contained(stored, variable.path))
        pending.push_back(&variable);
      else
        llvm::erase(stored, variable.path);
  auto isOwn = [&](const std::string &path) {
    return llvm::StringRef(path).starts_with(layer.path + "/vars/");
  };
  size_t own = llvm::count_if(stored, isOwn);
  if (own != pending.size() || own != stored.size()) {
    bool isComplete = own == stored.size();
    llvm::erase_if(stored, isOwn);
    for (std::string &path : stored)
      path = path.substr(layer.path.size() + 1);
    layer.place.fail(fmt::format(
        "its definition {} has {} variables for which the file must have weights of the class's "
        "own, but the file has {}{}; name the definition's layers as the attributes of the class "
        "that hold its layers",
        layer.definition, pending.size(), own,
        isComplete ? std::string()
                   : fmt::format(", and weights that no layer of it takes: {}",
                                 printable(llvm::join(stored, ", ")))));
  }
  for (auto [variable, path] : llvm::zip_equal(pending, stored)) {
    variable->path = path;
    // Keras freezes these, but not those of layers inside, when it reads a frozen layer.
    variable->isTrainable &= layer.isTrainable;
  }
}

} // namespace

const KerasFile *findDefinition(const KerasFile &file, const json &layer, const std::string &name,
                                std::set<std::string> &used) {
  std::string className = textOf(layer, "class_name");
  std::vector<std::string> names = {textOf(layer, "registered_name"), className,
                                    withoutPackage(className)};
  if (className == "Lambda")
    names.insert(names.begin(), name);
  for (const std::string &candidate : names)
    if (auto definition = file.definitions.find(candidate); definition != file.definitions.end()) {
      used.insert(candidate);
      return definition->second.get();
    }
  return nullptr;
}

ObjectConfig readDefined(const Place &place, const json &layer) {
  ObjectConfig object = {.className = withoutPackage(textOf(layer, "class_name"))};
  json config = layer.value("config", json());
  if (!config.is_object())
    place.fail("has no configuration");
  object.config = std::move(config);
  return object;
}

ObjectConfig instantiate(const Place &place, const KerasFile &definition, const json &settings,
                         std::set<std::string> &read) {
  json model = definition.config;
  fillIn(place, model, settings, read);
  ObjectConfig object = ObjectConfig::read({definition.path, ""}, "the model", model);
  if (!isModelClass(object.className))
    fail("{}: class {} is not a Sequential or Functional model", definition.path,
         printable(object.className));
  return object;
}

std::map<size_t, Config::Numbers> readParameters(const Place &place, const Model &definition,
                                                 const json &settings,
                                                 std::set<std::string> &read) {
  std::map<size_t, Config::Numbers> parameters;
  Config config(settings, place);
  for (auto [i, port] : llvm::enumerate(definition.inputs)) {
    if (isCommon(port.name) || !settings.contains(port.name))
      continue;
    read.insert(port.name);
    Config::Numbers numbers = config.numbers(port.name, 0);
    if (!config.has(port.name))
      place.fail(fmt::format("'{}' is null, but its definition has an input of this name",
                             printable(port.name)));
    parameters.emplace(i, std::move(numbers));
  }
  return parameters;
}

void UnreadSettings::compare(const Place &place, const KerasFile &definition, const json &settings,
                             const std::set<std::string> &read) {
  json unread = json::object();
  for (const auto &[setting, value] : settings.items())
    if (!isCommon(setting) && !read.contains(setting))
      unread[setting] = value;
  auto [known, isNew] = first.try_emplace(&definition, place.part, unread);
  if (isNew || known->second.second == unread)
    return;
  for (const auto &[setting, value] : unread.items())
    if (known->second.second.value(setting, json()) != value)
      place.fail(fmt::format(
          "differs in '{0}' from {1}, but their definition {2} does not depend on '{0}'; name an "
          "input of it so, or write \"{{{0}}}\" where its configuration needs the value",
          printable(setting), known->second.first, definition.path));
}

Tensor makeParameter(Emitter &emitter, const Layer &layer, size_t input) {
  auto parameter = layer.parameters->find(input);
  if (parameter == layer.parameters->end())
    return {};
  const Layer &port = *layer.model->layers[layer.model->inputs[input].tensor.layer];
  const InputDeclaration &declared = *port.input;
  llvm::SmallVector<int64_t> shape;
  if (!declared.isScalar) {
    shape.push_back(declared.batch.value_or(ShapedType::kDynamic));
    for (int64_t extent : declared.rowShape)
      shape.push_back(extent < 1 ? 1 : extent);
  }
  const Config::Numbers &numbers = parameter->second;
  Tensor value = emitter.constant(ir::toMlirType(emitter.getContext(), declared.type),
                                  numbers.values, numbers.shape);
  bool fits = numbers.shape.size() <= shape.size();
  for (auto [extent, wanted] : llvm::zip(llvm::reverse(numbers.shape), llvm::reverse(shape)))
    fits &= extent == wanted || extent == 1;
  if (!fits)
    layer.place.fail(fmt::format(
        "'{}' has the shape {}, but its definition takes {}", printable(port.name),
        describeShape(ArrayRef<int64_t>(numbers.shape)), describeShape(ArrayRef<int64_t>(shape))));
  return value.broadcastTo(shape);
}

void placeDefinedVariables(const Model &model, const KerasFile &file) {
  for (const std::unique_ptr<Layer> &layer : model.layers) {
    if (!layer->model)
      continue;
    placeDefinedVariables(*layer->model, file);
    if (layer->parameters)
      placeVariables(*layer, file);
  }
}

} // namespace lamina::frontend::keras
