#include "frontend/files/models/keras_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "frontend/files/archive/keras_archive.h"
#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/bytes.h"
#include "frontend/files/file_kind.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/json.h"
#include "frontend/files/models/legacy_config.h"
#include "frontend/files/read_file.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

constexpr std::string_view numpyWeightsName = "model.weights.npz";
constexpr std::string_view assetsPrefix = "assets/";

std::string memberPath(const std::string &path, std::string_view member) {
  return fmt::format("{}: {}", path, member);
}

void setConfig(KerasFile &file, json config) {
  file.config = std::move(config);
  auto compileConfig = file.config.find("compile_config");
  if (compileConfig != file.config.end() && compileConfig->is_object() && !compileConfig->empty())
    file.compileConfig = *compileConfig;
}

/// The configuration of Keras 2 of this version, or (empty) that of an `.h5` file of Keras 3. The
/// version goes, for it is one no more.
void setModernized(KerasFile &file, json config, const std::string &version) {
  config.erase("keras_version");
  config.erase("backend");
  file.metadata = nullptr;
  file.isOlder = !version.empty();
  if (config.contains("compile_config"))
    config["compile_config"] =
        modernizeTraining(std::move(config["compile_config"]), version, outputNames(config));
  setConfig(file, modernizeModel(std::move(config), file.isOlder));
  if (file.compileConfig)
    file.config["compile_config"] = writableTraining(*file.compileConfig);
  file.configText = dumpJson(writableModel(file.config));
}

/// Parses a model's configuration; `source` is for messages.
json parseConfig(const std::string &source, std::string_view text) {
  json config = parseJson(source, text);
  std::string name = printable(source, 4096);
  if (config.is_string())
    fail("{}: is a JSON string that holds JSON; write the text of model.to_json() to the file "
         "as it is",
         name);
  if (config.is_array())
    fail("{}: is a list, as Keras before 2.2.3 wrote Sequential models; load it with that Keras "
         "and save it again",
         name);
  if (config.contains("modelTopology"))
    fail("{}: is a TensorFlow.js model; save the model in Keras with model.save(\"model.keras\")",
         name);
  bool isModel = config.contains("class_name") && config["class_name"].is_string() &&
                 config.contains("config");
  if (!isModel)
    fail("{}: is JSON, but no Keras model: \"class_name\" and \"config\" are missing; give a "
         ".keras file or the JSON of model.to_json()",
         name);
  return config;
}

/// Whether a layer of the outermost model has a class or a setting that only Keras 1 had.
bool isKeras1(const json &config) {
  static const std::set<json> classes = {
      "Convolution1D",       "Convolution2D",   "Convolution3D",          "AtrousConvolution1D",
      "AtrousConvolution2D", "Deconvolution2D", "SeparableConvolution2D", "Merge",
      "MaxoutDense",         "Highway",         "TimeDistributedDense"};
  const json &model = config["config"];
  const json layers = model.is_object() ? model.value("layers", json()) : model;
  if (!layers.is_array())
    return false;
  return std::ranges::any_of(layers, [&](const json &layer) {
    if (!layer.is_object() || !layer.contains("class_name") || !layer.contains("config"))
      return false;
    const json &name = layer["class_name"];
    bool isDense = name == "Dense" && layer["config"].is_object();
    return classes.contains(name) || (isDense && layer["config"].contains("output_dim"));
  });
}

/// Sets the members that follow from the configuration's text, of Keras 2 where `version` or the
/// text say so.
void setConfigText(KerasFile &file, const std::string &source, std::string_view text,
                   const json &version) {
  json config = parseConfig(source, text);
  const json own = config.value("keras_version", json());
  if ((own.is_string() && own.get<std::string>().starts_with("1.")) || isKeras1(config))
    fail("{}: is a model of Keras 1, which Keras 2 and 3 do not read either; build the model anew "
         "in "
         "Keras 3",
         printable(source, 4096));
  for (const json &origin : {version, config.value("keras_version", json())})
    if (isOlderKeras(origin))
      return setModernized(file, std::move(config), origin.get<std::string>());
  file.configText = text;
  setConfig(file, std::move(config));
}

/// Sets the members that follow from an archive's texts, config.json and, where there is one,
/// metadata.json.
void setTexts(KerasFile &file, const std::string &path, std::string_view config,
              std::optional<std::string_view> metadata) {
  if (metadata)
    file.metadata = parseJson(memberPath(path, metadataName), *metadata);
  json version = file.metadata.is_object() ? file.metadata.value("keras_version", json()) : json();
  setConfigText(file, memberPath(path, configName), config, version);
}

/// A path of Keras 2.13 and 2.14 as of Keras 3: another name for "layers", and from Windows
/// backslashes in one name.
std::string modernPath(std::string path) {
  constexpr std::string_view older = "_layer_checkpoint_dependencies";
  std::replace(path.begin(), path.end(), '\\', '/');
  for (size_t at = 0; (at = path.find(older, at)) != path.npos;)
    path.replace(at, older.size(), "layers");
  return path;
}

/// The same of a whole file. Where two paths become one it stays as it is.
void modernizePaths(Hdf5Content &content) {
  Hdf5Content modern;
  for (const std::string &group : content.groups)
    modern.groups.insert(modernPath(group));
  for (auto &[path, array] : content.datasets)
    modern.datasets.emplace(modernPath(path), array);
  for (auto &[path, attributes] : content.attributes)
    modern.attributes[modernPath(path)] = attributes;
  if (modern.datasets.size() == content.datasets.size())
    content = std::move(modern);
}

bool hasOlderPath(const Hdf5Content &content) {
  return std::ranges::any_of(content.datasets, [](const auto &dataset) {
    return modernPath(dataset.first) != dataset.first;
  });
}

void setWeights(KerasFile &file, Hdf5Content content) {
  if (hasOlderPath(content))
    modernizePaths(content);
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

void readArchivedWeights(KerasFile &file, const std::string &path, ZipArchive &archive) {
  if (const ZipMember *weights = archive.find(weightsName))
    setWeights(file, takeHdf5(memberPath(path, weightsName), archive.take(*weights)));
  else if (archive.find(numpyWeightsName))
    fail("{}: keeps its weights as pickled NumPy objects, which are never loaded; save the model "
         "in Keras with model.save(\"model.keras\")",
         printable(path, 4096));
  else
    fail("{}: is damaged: {} is missing; save the model again", printable(path, 4096), weightsName);
}

KerasFile readArchive(const std::string &path, std::vector<std::byte> bytes) {
  ZipArchive archive(path, std::move(bytes));
  KerasFile file;
  const ZipMember *config = archive.find(configName);
  if (!config) {
    std::vector<std::string> names;
    for (const ZipMember &member : archive.members())
      names.push_back(member.name);
    fail("{}: {}", printable(path, 4096), describeForeignArchive(names));
  }
  std::optional<std::string_view> metadataText;
  if (const ZipMember *metadata = archive.find(metadataName))
    metadataText = asText(archive.read(*metadata));
  setTexts(file, path, asText(archive.read(*config)), metadataText);
  readArchivedWeights(file, path, archive);
  for (const ZipMember &member : archive.members())
    if (member.name.starts_with(assetsPrefix)) {
      std::span<const std::byte> content = archive.read(member);
      file.assets[member.name].assign(content.begin(), content.end());
    }
  return file;
}

KerasFile readLegacyModel(const std::string &path, std::span<std::byte> bytes) {
  Hdf5Content content = takeHdf5(path, bytes);
  std::optional<std::string> model = rootText(content, "model_config");
  if (!model)
    fail("{}: holds weights without a model; give the model, and this file with --weights",
         printable(path, 4096));
  KerasFile file;
  json config = parseConfig(memberPath(path, "model_config"), *model);
  if (std::optional<std::string> training = rootText(content, "training_config"))
    config["compile_config"] = parseJson(memberPath(path, "training_config"), *training);
  file.legacyWeights = readLegacyWeights(path, content);
  setModernized(file, std::move(config), file.legacyWeights->version);
  file.hasWeights = true; // such files always hold them: layers without any are a damage
  return file;
}

KerasFile readJson(const std::string &path, std::span<const std::byte> bytes) {
  KerasFile file;
  setConfigText(file, path, asText(bytes), nullptr);
  return file;
}

/// The file's content, for its first bytes decide how it is read. Throws for folders.
std::vector<std::byte> readModelBytes(const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    fail("{}: {}", printable(path, 4096), describeFolder(path));
  return readFile(path);
}

} // namespace

KerasFile readKerasFile(const std::string &path) {
  std::vector<std::byte> bytes = readModelBytes(path);
  KerasFile file;
  switch (recognizeFile(bytes)) {
  case FileKind::KerasArchive:
    file = readArchive(path, std::move(bytes));
    break;
  case FileKind::Hdf5:
    file = readLegacyModel(path, bytes);
    break;
  case FileKind::JsonText:
    file = readJson(path, bytes);
    break;
  case FileKind::Other:
    fail("{}: {}", printable(path, 4096), describeForeignFile(bytes));
  }
  file.path = file.weightsPath = path;
  return file;
}

KerasFile makeKerasFile(const std::string &path, std::string_view config,
                        std::string_view metadata) {
  KerasFile file;
  setTexts(file, path, config, metadata);
  file.path = file.weightsPath = path;
  return file;
}

void readWeights(KerasFile &file, const std::string &path) {
  std::vector<std::byte> bytes = readModelBytes(path);
  FileKind kind = recognizeFile(bytes);
  if (kind != FileKind::KerasArchive && kind != FileKind::Hdf5)
    fail("{}: holds no weights; give a .weights.h5, .keras or .h5 file", printable(path, 4096));
  file.legacyWeights.reset();
  file.weights.clear();
  file.groups.clear();
  file.weightsPath = path;
  if (kind == FileKind::KerasArchive) {
    ZipArchive archive(path, std::move(bytes));
    return readArchivedWeights(file, path, archive);
  }
  Hdf5Content content = takeHdf5(path, bytes);
  if (!isLegacyModel(content) && !isLegacyWeights(content))
    return setWeights(file, std::move(content));
  file.legacyWeights = readLegacyWeights(path, content);
  file.hasWeights = true;
}

} // namespace lamina::frontend
