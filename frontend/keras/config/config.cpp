#include "frontend/keras/config/config.h"

#include <cmath>

#include "llvm/ADT/StringRef.h"

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

const json kNull;

/// Packages whose classes are met in files of Keras, by how their modules or registered names
/// begin.
struct KnownPackage {
  const char *prefix, *advice;
};
constexpr char kDomainModels[] =
    "a class of KerasHub; build the same network of keras.layers and copy its weights";
constexpr char kPruning[] =
    "a wrapper of the Model Optimization Toolkit; take it off before saving "
    "(strip_pruning, strip_clustering)";
const KnownPackage kKnownPackages[] = {
    {"keras_hub", kDomainModels},
    {"keras_nlp", kDomainModels},
    {"keras_cv", kDomainModels},
    {"tensorflow_model_optimization", kPruning},
    {"tfmot", kPruning},
    {"PruneLowMagnitude", kPruning},
    {"ClusterWeights", kPruning},
    {"QuantizeWrapper", "a wrapper of quantization-aware training; save the model without it"},
};

/// A remark about a class of this module and registered name; empty for none.
std::string adviseOn(const std::string &module, const std::string &registered,
                     const std::string &className) {
  for (const KnownPackage &package : kKnownPackages)
    for (const std::string &name : {module, registered, className})
      if (llvm::StringRef(name).starts_with(package.prefix))
        return package.advice;
  return "";
}

/// Larger sizes would overflow where they are multiplied.
constexpr int64_t kMostExtent = (int64_t(1) << 31) - 1;

/// An integer, also one that is written 3.0.
std::optional<int64_t> wholeNumber(const json &value) {
  if (value.is_number_integer())
    return value.get<int64_t>();
  double number = value.is_number_float() ? value.get<double>() : 0.5;
  if (std::trunc(number) != number || std::abs(number) > 0x1p53)
    return std::nullopt;
  return static_cast<int64_t>(number);
}

/// Whether a value of an unknown key can be passed over: it asks for nothing.
bool saysNothing(const json &value) {
  return value.is_null() || value == json(false) ||
         ((value.is_array() || value.is_object() || value.is_string()) && value.empty());
}

std::string shortText(const json &value) {
  return printable(value.dump(-1, ' ', false, json::error_handler_t::replace), 60);
}

bool isKerasModule(const std::string &module) {
  llvm::StringRef name(module);
  return name == "keras" || name.starts_with("keras.") || name.starts_with("tensorflow.keras") ||
         name == "builtins";
}

} // namespace

std::string textOf(const json &object, const char *key) {
  const json value = object.is_object() ? object.value(key, json()) : json();
  return value.is_string() ? value.get<std::string>() : "";
}

ObjectConfig ObjectConfig::read(const Place &place, std::string_view what, const json &value,
                                std::string_view advice) {
  ObjectConfig result;
  if (value.is_string()) {
    result.className = value.get<std::string>();
    return result;
  }
  if (!value.is_object() || !value.contains("class_name") || !value["class_name"].is_string())
    place.fail(fmt::format("{} must be a name or an object with \"class_name\", not {}", what,
                           shortText(value)));
  result.className = value["class_name"].get<std::string>();
  json config = value.value("config", json::object());
  result.module = textOf(value, "module");
  std::string registered = textOf(value, "registered_name");
  const bool isTraced = registered.starts_with(kTracedClass);
  if (isTraced) {
    result.className = registered;
    result.module = "keras";
    registered.clear();
  }
  std::string remark = adviseOn(result.module, registered, result.className);
  if (!remark.empty())
    place.refuse(fmt::format("{} is {}, {}", what, printable(result.className), remark));
  if (!result.module.empty() && !isKerasModule(result.module))
    place.refuse(
        fmt::format("{} is the class {} of module {}, which is not Keras' own; nothing in a "
                    "file is looked up or executed{}",
                    what, printable(result.className), printable(result.module), advice));
  if (registered.find('>') != std::string::npos)
    place.refuse(
        fmt::format("{} is the custom class {}; nothing in a file is looked up or executed{}", what,
                    printable(registered), advice));
  if (result.className == "function" && config.is_string()) {
    result.className = config.get<std::string>();
    result.isFunction = true;
    return result;
  }
  if (!config.is_object() && !config.is_null())
    place.fail(fmt::format("{}: the \"config\" of class {} must be an object", what,
                           printable(result.className)));
  if (config.is_object())
    result.config = std::move(config);
  return result;
}

Config::Config(const json &object, Place place) : object(&object), place(std::move(place)) {
  if (!object.is_object())
    this->place.fail("the configuration must be an object");
}

const json *Config::find(const std::string &key) {
  understood.insert(key);
  auto member = object->find(key);
  return member == object->end() || member->is_null() ? nullptr : &*member;
}

void Config::failType(const std::string &key, std::string_view expected) const {
  place.fail(fmt::format("'{}' must be {}, not {}", key, expected, shortText((*object)[key])));
}

bool Config::has(const std::string &key) const {
  auto member = object->find(key);
  return member != object->end() && !member->is_null();
}

const json &Config::raw(const std::string &key) {
  const json *value = find(key);
  return value ? *value : kNull;
}

bool Config::boolean(const std::string &key, bool fallback) {
  const json *value = find(key);
  if (!value)
    return fallback;
  // In Python numbers are true unless they are 0.
  if (value->is_number())
    return *value != 0;
  if (!value->is_boolean())
    failType(key, "true or false");
  return value->get<bool>();
}

double Config::number(const std::string &key, double fallback) {
  return optionalNumber(key).value_or(fallback);
}

std::optional<double> Config::optionalNumber(const std::string &key) {
  const json *value = find(key);
  if (!value)
    return std::nullopt;
  if (value->is_boolean())
    return value->get<bool>() ? 1 : 0;
  if (!value->is_number())
    failType(key, "a number");
  return value->get<double>();
}

int64_t Config::integer(const std::string &key, int64_t fallback) {
  return optionalInteger(key).value_or(fallback);
}

std::optional<int64_t> Config::optionalInteger(const std::string &key) {
  const json *value = find(key);
  if (!value)
    return std::nullopt;
  std::optional<int64_t> whole = wholeNumber(*value);
  if (!whole)
    failType(key, "an integer");
  return whole;
}

int64_t Config::positive(const std::string &key) {
  std::optional<int64_t> value = optionalInteger(key);
  if (!value)
    place.fail(fmt::format("'{}' is missing from the configuration", key));
  if (*value < 1 || *value > kMostExtent)
    place.fail(fmt::format("'{}' must be {}, not {}", key,
                           *value < 1 ? "positive" : "less than 2^31", *value));
  return *value;
}

std::string Config::text(const std::string &key, const std::string &fallback) {
  const json *value = find(key);
  if (!value)
    return fallback;
  if (!value->is_string())
    failType(key, "a string");
  return value->get<std::string>();
}

std::optional<std::vector<int64_t>> Config::integers(const std::string &key) {
  const json *value = find(key);
  if (!value)
    return std::nullopt;
  if (std::optional<int64_t> single = wholeNumber(*value))
    return std::vector<int64_t>{*single};
  if (!value->is_array())
    failType(key, "a list of integers");
  std::vector<int64_t> result;
  for (const json &item : *value) {
    std::optional<int64_t> whole = wholeNumber(item);
    if (!whole)
      failType(key, "a list of integers");
    result.push_back(*whole);
  }
  return result;
}

std::optional<std::vector<int64_t>> Config::extents(const std::string &key, size_t count,
                                                    int64_t least) {
  std::optional<std::vector<int64_t>> values = integers(key);
  if (!values)
    return std::nullopt;
  if ((*object)[key].is_number())
    values->assign(count, values->front());
  bool fits = values->size() == count;
  for (int64_t value : *values)
    fits &= value >= least && value <= kMostExtent;
  if (!fits)
    failType(key, count == 1
                      ? fmt::format("an integer of at least {}", least)
                      : fmt::format("an integer or {} integers of at least {}", count, least));
  return values;
}

Config::Numbers Config::numbers(const std::string &key, double fallback) {
  const json *value = find(key);
  if (!value)
    return {{fallback}, {}};
  if (value->is_object() && value->contains("config") && (*value)["config"].is_object() &&
      (*value)["config"].contains("value"))
    value = &(*value)["config"]["value"];
  Numbers result;
  const json *level = value;
  while (level->is_array() && !level->empty()) {
    result.shape.push_back(static_cast<int64_t>(level->size()));
    level = &level->front();
  }
  auto flatten = [&](auto &self, const json &item, size_t depth) -> void {
    if (depth == result.shape.size()) {
      if (!item.is_number() && !item.is_boolean())
        failType(key, "a number or a list of numbers");
      result.values.push_back(item.is_boolean() ? double(item.get<bool>()) : item.get<double>());
      return;
    }
    if (!item.is_array() || static_cast<int64_t>(item.size()) != result.shape[depth])
      failType(key, "a rectangular list of numbers");
    for (const json &part : item)
      self(self, part, depth + 1);
  };
  flatten(flatten, *value, 0);
  return result;
}

void Config::ignore(std::initializer_list<const char *> keys) {
  understood.insert(keys.begin(), keys.end());
}

void Config::finish(std::string_view className) const {
  for (const auto &[key, value] : object->items())
    if (!understood.contains(key) && !saysNothing(value))
      place.fail(fmt::format("{} with '{}' = {} is not supported", className, printable(key),
                             shortText(value)));
}

std::optional<ElementType> findElementType(std::string_view name) {
  for (ElementType type : {ElementType::F32, ElementType::F64, ElementType::I32, ElementType::I64,
                           ElementType::I8, ElementType::U8, ElementType::I1})
    if (typeName(type) == name)
      return type;
  return std::nullopt;
}

ElementType readPolicy(const Place &place, const json &dtype) {
  json name = dtype;
  if (dtype.is_object() && dtype.contains("config") && dtype["config"].is_object())
    name =
        dtype["config"].value("name", dtype["config"].value("mode", json())); // of quantized ones
  if (name.is_null() || name == "float32")
    return ElementType::F32;
  if (name == "float64")
    return ElementType::F64;
  place.refuse(fmt::format("the dtype policy {} is not supported; Lamina computes in float32 and "
                           "float64",
                           printable(name.dump())));
}

std::string notSupported(std::string_view what, std::string_view name,
                         const std::vector<std::string> &names, std::string_view otherwise) {
  std::string lower = llvm::StringRef(name.data(), name.size()).lower();
  std::string nearest;
  // A slip of the pen leaves most letters as they are.
  size_t best = std::max<size_t>(name.size() / 3, 1) + 1;
  for (const std::string &candidate : names) {
    size_t distance = llvm::StringRef(llvm::StringRef(candidate).lower()).edit_distance(lower);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  if (nearest.empty())
    return fmt::format("{} is not supported; docs/keras.md lists what is{}", what, otherwise);
  return fmt::format("{} is not supported; the nearest supported is {}", what, nearest);
}

} // namespace lamina::frontend::keras
