#include "frontend/keras/model/trainability.h"

#include "frontend/files/json.h"
#include "support/error.h"
#include "llvm/ADT/StringRef.h"

namespace lamina::frontend {

using nlohmann::json;

namespace {

/// A layer in the order of the file, nested models before their layers.
struct Entry {
  std::string scope; ///< as in messages: "base/conv1"
  json *layer;
  size_t end = 0; ///< behind the layers inside of it
};

std::string nameOf(const json &layer) {
  for (const json &part : {layer.value("config", json()), layer})
    if (part.is_object() && part.contains("name") && part["name"].is_string())
      return part["name"].get<std::string>();
  return "";
}

/// The layers of a model's configuration; null where it has none.
json *layersOf(json &model) {
  auto config = model.is_object() ? model.find("config") : model.end();
  if (!model.is_object() || config == model.end() || !config->is_object())
    return nullptr;
  auto layers = config->find("layers");
  return layers != config->end() && layers->is_array() ? &*layers : nullptr;
}

void collect(json &model, const std::string &scope, std::vector<Entry> &entries) {
  json *layers = layersOf(model);
  if (!layers)
    return;
  for (json &layer : *layers) {
    if (!layer.is_object())
      continue;
    size_t index = entries.size();
    entries.push_back({scope + nameOf(layer), &layer});
    collect(layer, entries[index].scope + "/", entries);
    entries[index].end = entries.size();
  }
}

/// Sets the flag of a serialized layer and of those inside of it. What has no flag, operations and
/// inputs, gets none: Keras would not read it.
void setFlag(json &value, bool isTrainable) {
  if (value.is_object())
    if (auto config = value.find("config"); config != value.end() && config->is_object())
      if (auto flag = config->find("trainable"); flag != config->end())
        *flag = isTrainable;
  if (value.is_structured())
    for (json &item : value)
      setFlag(item, isTrainable);
}

class Selection {
public:
  Selection(const KerasFile &file, std::string option, const std::vector<Entry> &entries)
      : file(file), option(std::move(option)), entries(entries) {}

  /// The layers that `text` names: from the first index to behind the last.
  std::pair<size_t, size_t> find(const std::string &text) const {
    llvm::StringRef given(text);
    size_t dots = given.find("..");
    if (dots == llvm::StringRef::npos) {
      size_t only = findLayer(text, text);
      return {only, entries[only].end};
    }
    std::string first = given.take_front(dots).str(), last = given.drop_front(dots + 2).str();
    size_t begin = first.empty() ? 0 : findLayer(text, first);
    size_t end = last.empty() ? entries.size() : entries[findLayer(text, last)].end;
    if (begin >= end)
      reject(text, fmt::format("layer '{}' comes behind layer '{}'", first, last));
    return {begin, end};
  }

private:
  /// By the path, or by the name alone where one layer has it.
  size_t findLayer(const std::string &text, llvm::StringRef name) const {
    std::vector<size_t> found;
    for (size_t i = 0; i < entries.size(); ++i) {
      llvm::StringRef scope = entries[i].scope;
      if (scope == name)
        return i;
      if (scope.ends_with(("/" + name).str()))
        found.push_back(i);
    }
    if (found.size() > 1)
      reject(text, fmt::format("several layers are called '{}'; give one as '{}'", name.str(),
                               entries[found[0]].scope));
    if (found.empty())
      reject(text, fmt::format("the model has no layer '{}'; 'lamina inspect' lists its layers",
                               printable(name.str())));
    return found[0];
  }

  [[noreturn]] void reject(const std::string &text, const std::string &reason) const {
    fail("{}: {} {}: {}", file.path, option, printable(text), reason);
  }

  const KerasFile &file;
  std::string option;
  const std::vector<Entry> &entries;
};

} // namespace

void setTrainability(KerasFile &file, const std::vector<std::string> &frozen,
                     const std::vector<std::string> &unfrozen) {
  if (frozen.empty() && unfrozen.empty())
    return;
  std::vector<Entry> entries;
  collect(file.config, "", entries);
  for (bool isTrainable : {false, true})
    for (const std::string &text : isTrainable ? unfrozen : frozen) {
      auto [begin, end] =
          Selection(file, isTrainable ? "--unfreeze" : "--freeze", entries).find(text);
      for (size_t i = begin; i < end; ++i) {
        setFlag(*entries[i].layer, isTrainable);
        if (isTrainable)
          file.frozen.erase(entries[i].scope);
        else
          file.frozen.insert(entries[i].scope);
      }
    }
  // A model that is frozen as a whole freezes whatever its layers say.
  if (auto flag = file.config["config"].find("trainable");
      !unfrozen.empty() && flag != file.config["config"].end())
    *flag = true;
  file.configText = dumpJson(file.config);
}

} // namespace lamina::frontend
