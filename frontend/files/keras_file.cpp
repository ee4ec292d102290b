#include "frontend/files/keras_file.h"

#include <filesystem>
#include <stdexcept>

#include "frontend/files/file_kind.h"
#include "frontend/files/hdf5.h"
#include "frontend/files/json.h"
#include "frontend/files/read_file.h"
#include "frontend/files/zip_archive.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

constexpr std::string_view configName = "config.json";
constexpr std::string_view metadataName = "metadata.json";
constexpr std::string_view weightsName = "model.weights.h5";
constexpr std::string_view numpyWeightsName = "model.weights.npz";
constexpr std::string_view assetsPrefix = "assets/";

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

std::string memberPath(const std::string &path, std::string_view member) {
  return fmt::format("{}: {}", path, member);
}

/// Sets what follows from the configuration's text; `source` is for messages.
void setConfig(KerasFile &file, const std::string &source, std::string_view text) {
  file.configText = text;
  file.config = parseJson(source, text);
  std::string name = printable(source, 4096);
  if (file.config.is_string())
    fail("{}: is a JSON string that holds JSON; write the text of model.to_json() to the file "
         "as it is",
         name);
  if (file.config.is_array())
    fail("{}: is a list, as Keras before 2.2.3 wrote Sequential models; load it with that Keras "
         "and save it again",
         name);
  if (file.config.contains("modelTopology"))
    fail("{}: is a TensorFlow.js model; save the model in Keras with model.save(\"model.keras\")",
         name);
  bool isModel = file.config.contains("class_name") && file.config["class_name"].is_string() &&
                 file.config.contains("config");
  if (!isModel)
    fail("{}: is JSON, but no Keras model: \"class_name\" and \"config\" are missing; give a "
         ".keras file or the JSON of model.to_json()",
         name);
  auto compileConfig = file.config.find("compile_config");
  if (compileConfig != file.config.end() && compileConfig->is_object() && !compileConfig->empty())
    file.compileConfig = *compileConfig;
}

void setWeights(KerasFile &file, Hdf5Content content) {
  for (const std::string &group : content.groups) {
    std::string &name = file.groups[group];
    auto attributes = content.attributes.find(group);
    if (attributes == content.attributes.end())
      continue;
    auto attribute = attributes->second.find("name");
    if (attribute != attributes->second.end())
      if (auto *text = std::get_if<std::string>(&attribute->second))
        name = *text;
  }
  file.weights = std::move(content.datasets);
  file.hasWeights = !file.weights.empty();
}

KerasFile readArchive(const std::string &path, std::vector<std::byte> bytes) {
  ZipArchive archive(path, std::move(bytes));
  KerasFile file;
  file.path = path;
  const ZipMember *config = archive.find(configName);
  if (!config) {
    std::vector<std::string> names;
    for (const ZipMember &member : archive.members())
      names.push_back(member.name);
    fail("{}: {}", printable(path, 4096), describeForeignArchive(names));
  }
  setConfig(file, memberPath(path, configName), asText(archive.read(*config)));
  if (const ZipMember *metadata = archive.find(metadataName))
    file.metadata = parseJson(memberPath(path, metadataName), asText(archive.read(*metadata)));
  if (const ZipMember *weights = archive.find(weightsName))
    setWeights(file, readHdf5(memberPath(path, weightsName), archive.read(*weights)));
  else if (archive.find(numpyWeightsName))
    fail("{}: keeps its weights as pickled NumPy objects, which are never loaded; save the model "
         "in Keras with model.save(\"model.keras\")",
         printable(path, 4096));
  else
    fail("{}: is damaged: {} is missing; save the model again", printable(path, 4096), weightsName);
  for (const ZipMember &member : archive.members())
    if (member.name.starts_with(assetsPrefix)) {
      std::span<const std::byte> content = archive.read(member);
      file.assets[member.name].assign(content.begin(), content.end());
    }
  return file;
}

[[noreturn]] void refuseHdf5(const std::string &path, std::span<const std::byte> bytes) {
  Hdf5Content content = readHdf5(path, bytes);
  auto root = content.attributes.find("");
  if (root != content.attributes.end() && root->second.contains("model_config"))
    fail("{}: is a model in the legacy .h5 format, which is not read yet; load it in Keras and "
         "save it with model.save(\"model.keras\")",
         printable(path, 4096));
  fail("{}: holds weights without a model; load them in Keras and save the model with "
       "model.save(\"model.keras\")",
       printable(path, 4096));
}

/// The original's version and date, so that the same training gives the same file.
std::string metadataText(const json &original) {
  auto keep = [&](const char *key, const char *fallback) -> std::string {
    bool isText = original.is_object() && original.contains(key) && original[key].is_string();
    return isText ? original[key].get<std::string>() : fallback;
  };
  return dumpJson({{"keras_version", keep("keras_version", "3.15.0")},
                   {"date_saved", keep("date_saved", "1980-01-01@00:00:00")}});
}

/// The layout that Keras' H5IOStore expects: a group "vars" for every object, with its name.
std::vector<std::byte> weightsImage(const std::string &path, const KerasFile &original,
                                    const std::map<std::string, Array> &weights) {
  Hdf5Content content;
  content.datasets = weights;
  for (const auto &[group, name] : original.groups) {
    content.groups.insert(group);
    if (!name.empty())
      content.attributes[group]["name"] = name;
  }
  // Keras opens these two of every model.
  content.groups.insert({"layers", "vars"});
  try {
    return writeHdf5(content);
  } catch (const std::runtime_error &error) {
    fail("cannot write {}: {}", printable(path, 4096), error.what());
  }
}

} // namespace

KerasFile readKerasFile(const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    fail("{}: {}", printable(path, 4096), describeFolder(path));
  std::vector<std::byte> bytes = readFile(path);
  switch (recognizeFile(bytes)) {
  case FileKind::KerasArchive:
    return readArchive(path, std::move(bytes));
  case FileKind::Hdf5:
    refuseHdf5(path, bytes);
  case FileKind::JsonText: {
    KerasFile file;
    file.path = path;
    setConfig(file, path, asText(bytes));
    return file;
  }
  case FileKind::Other:
    break;
  }
  fail("{}: {}", printable(path, 4096), describeForeignFile(bytes));
}

void writeKerasFile(const std::string &path, const KerasFile &original,
                    const std::map<std::string, Array> &weights,
                    const std::optional<json> &compileConfig) {
  std::string config = original.configText;
  if (compileConfig)
    config = setJsonMember(original.path, config, "compile_config", *compileConfig);
  std::string metadata = metadataText(original.metadata);
  std::vector<std::byte> image = weightsImage(path, original, weights);
  std::vector<ZipEntry> entries = {{std::string(metadataName), std::as_bytes(std::span(metadata))},
                                   {std::string(configName), std::as_bytes(std::span(config))},
                                   {std::string(weightsName), image}};
  for (const auto &[name, content] : original.assets)
    entries.push_back({name, content});
  writeZipArchive(path, entries);
}

} // namespace lamina::frontend
