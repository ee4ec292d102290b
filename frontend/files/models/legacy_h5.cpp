#include "frontend/files/models/legacy_h5.h"

#include <algorithm>

#include "frontend/files/json.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

constexpr const char *kModelWeights = "model_weights";
constexpr const char *kOptimizerWeights = "optimizer_weights";
constexpr const char *kTopLevel = "top_level_model_weights";

/// An HDF5 object's header holds attributes up to this size; a text of variable length takes 16
/// bytes there.
constexpr size_t kMostHeaderBytes = 64512;
constexpr size_t kTextBytes = 16;

const AttributeValue *findAttribute(const Hdf5Content &content, const std::string &path,
                                    const std::string &name) {
  auto object = content.attributes.find(path);
  if (object == content.attributes.end())
    return nullptr;
  auto attribute = object->second.find(name);
  return attribute == object->second.end() ? nullptr : &attribute->second;
}

std::string joined(const std::string &path, const std::string &name) {
  return path.empty() ? name : path + "/" + name;
}

class Reader {
public:
  Reader(std::string_view file, Hdf5Content &content)
      : file(printable(file, 4096)), content(content) {}

  LegacyWeights read() {
    std::string root = isLegacyModel(content) ? kModelWeights : "";
    LegacyWeights weights;
    weights.version = checkOrigin(root);
    for (const std::string &name : readNames(root, "layer_names"))
      weights.layers.push_back({name, readArrays(joined(root, name))});
    if (!root.empty() && content.groups.contains(kOptimizerWeights))
      weights.optimizer = readArrays(kOptimizerWeights);
    return weights;
  }

private:
  /// The version where Keras 2 wrote the weights, else nothing.
  std::string checkOrigin(const std::string &root) const {
    auto text = [&](const char *name) -> std::string {
      auto *value = findAttribute(content, root, name);
      auto *found = value ? std::get_if<std::string>(value) : nullptr;
      return found ? *found : "";
    };
    std::string version = text("keras_version"), backend = text("backend");
    if (version.empty() || version.starts_with("1."))
      fail("{}: was written by Keras 1, whose weights are arranged otherwise; load it in Keras 2 "
           "and save it again",
           file);
    if (backend == "theano" || backend == "cntk")
      fail(
          "{}: was written with the backend {}, whose kernels are flipped; load it in Keras 2 with "
          "TensorFlow and save it again",
          file, backend);
    return version.starts_with("2.") ? version : "";
  }

  /// The list NAME of a group, or NAME0, NAME1, … one after the other.
  std::vector<std::string> readNames(const std::string &path, const std::string &name) const {
    if (auto *whole = findAttribute(content, path, name))
      return namesIn(path, name, *whole);
    std::vector<std::string> names;
    for (size_t chunk = 0;; ++chunk) {
      std::string part = name + std::to_string(chunk);
      auto *value = findAttribute(content, path, part);
      if (!value)
        return names;
      std::vector<std::string> more = namesIn(path, part, *value);
      names.insert(names.end(), more.begin(), more.end());
    }
  }

  std::vector<std::string> namesIn(const std::string &path, const std::string &name,
                                   const AttributeValue &value) const {
    if (auto *texts = std::get_if<std::vector<std::string>>(&value))
      return *texts;
    // h5py writes an empty list as an array of numbers.
    auto *array = std::get_if<Array>(&value);
    if (!array || array->elementCount() != 0)
      fail("{}: is damaged: '{}' of '{}' is not a list of names; save the model again", file, name,
           printable(path));
    return {};
  }

  std::vector<NamedArray> readArrays(const std::string &path) {
    std::vector<NamedArray> arrays;
    for (const std::string &name : readNames(path, "weight_names")) {
      auto dataset = content.datasets.find(joined(path, name));
      if (dataset == content.datasets.end())
        fail("{}: is damaged: the weights '{}' are listed but missing, or listed twice; save the "
             "model again",
             file, printable(joined(path, name)));
      arrays.emplace_back(name, std::move(dataset->second));
      content.datasets.erase(dataset);
    }
    return arrays;
  }

  std::string file;
  Hdf5Content &content;
};

/// The list in one attribute, or in as many as it takes.
void setNames(Hdf5Content &content, const std::string &path, const std::string &name,
              const std::vector<std::string> &names) {
  constexpr size_t most = kMostHeaderBytes / kTextBytes;
  auto &attributes = content.attributes[path];
  if (names.size() <= most) {
    attributes[name] = names;
    return;
  }
  for (size_t start = 0, chunk = 0; start < names.size(); start += most, ++chunk) {
    auto first = names.begin() + static_cast<ptrdiff_t>(start);
    auto last = first + static_cast<ptrdiff_t>(std::min(most, names.size() - start));
    attributes[name + std::to_string(chunk)] = std::vector<std::string>(first, last);
  }
}

void addArrays(Hdf5Content &content, const std::string &path,
               const std::vector<NamedArray> &arrays) {
  content.groups.insert(path);
  std::vector<std::string> names;
  for (const auto &[name, array] : arrays) {
    names.push_back(name);
    content.datasets.emplace(joined(path, name), array);
  }
  setNames(content, path, "weight_names", names);
}

} // namespace

std::optional<std::string> rootText(const Hdf5Content &content, const std::string &name) {
  auto *value = findAttribute(content, "", name);
  auto *text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? std::optional(*text) : std::nullopt;
}

bool isLegacyModel(const Hdf5Content &content) {
  return findAttribute(content, "", "model_config") != nullptr;
}

bool isLegacyWeights(const Hdf5Content &content) {
  return findAttribute(content, "", "layer_names") || findAttribute(content, "", "layer_names0");
}

LegacyWeights readLegacyWeights(std::string_view file, Hdf5Content &content) {
  return Reader(file, content).read();
}

Hdf5Content legacyContent(const std::string &version, const json &model, const json &training,
                          const LegacyWeights &weights) {
  Hdf5Content content;
  auto &root = content.attributes[""];
  root["backend"] = "tensorflow";
  root["keras_version"] = version;
  root["model_config"] = dumpJson(model);
  if (!training.is_null())
    root["training_config"] = dumpJson(training);
  content.groups.insert(kModelWeights);
  auto &group = content.attributes[kModelWeights];
  group["backend"] = "tensorflow";
  group["keras_version"] = version;
  std::vector<std::string> names;
  for (const LegacyLayer &layer : weights.layers) {
    names.push_back(layer.name);
    addArrays(content, joined(kModelWeights, layer.name), layer.weights);
  }
  setNames(content, kModelWeights, "layer_names", names);
  addArrays(content, joined(kModelWeights, kTopLevel), {});
  if (!weights.optimizer.empty())
    addArrays(content, kOptimizerWeights, weights.optimizer);
  return content;
}

} // namespace lamina::frontend
