#include <algorithm>
#include <stdexcept>

#include "frontend/files/archive/keras_archive.h"
#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/json.h"
#include "frontend/files/models/keras_file.h"
#include "frontend/files/models/legacy_config.h"
#include "support/atomic_file.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

constexpr const char *fallbackVersion = "3.15.0";

std::string keptText(const json &metadata, const char *key, const char *fallback) {
  bool isText = metadata.is_object() && metadata.contains(key) && metadata[key].is_string();
  return isText ? metadata[key].get<std::string>() : fallback;
}

/// The original's version and date, so that the same training gives the same file.
std::string metadataText(const json &original) {
  return dumpJson({{"keras_version", keptText(original, "keras_version", fallbackVersion)},
                   {"date_saved", keptText(original, "date_saved", "1980-01-01@00:00:00")}});
}

std::vector<std::byte> hdf5Image(const std::string &path, const Hdf5Content &content) {
  try {
    return writeHdf5(content);
  } catch (const std::runtime_error &error) {
    fail("cannot write {}: {}", printable(path, 4096), error.what());
  }
}

std::string configTextOf(const KerasFile &original, const std::optional<json> &compileConfig) {
  if (!compileConfig)
    return original.configText;
  return setJsonMember(original.path, original.configText, "compile_config",
                       writableTraining(*compileConfig));
}

/// The `compile` settings of legacy files: as Keras 3, with the optimizer apart.
json trainingConfig(json compileConfig) {
  if (!compileConfig.is_object() || compileConfig.empty())
    return nullptr;
  compileConfig = writableTraining(std::move(compileConfig));
  json optimizer = compileConfig.value("optimizer", json());
  compileConfig.erase("optimizer");
  if (optimizer.is_string())
    optimizer = {{"class_name", optimizer}, {"config", json::object()}};
  if (!optimizer.is_object())
    return nullptr;
  compileConfig["optimizer_config"] = {{"class_name", optimizer.value("class_name", json())},
                                       {"config", optimizer.value("config", json())}};
  for (const char *key : {"loss_weights", "metrics", "weighted_metrics"})
    compileConfig.emplace(key, nullptr);
  return compileConfig;
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
  return hdf5Image(path, content);
}

} // namespace

bool holdsTracedPrograms(const json &config) {
  if (!config.is_structured())
    return false;
  if (config.is_object()) {
    const json name = config.value("registered_name", json());
    if (name.is_string() && name.get_ref<const std::string &>().starts_with("lamina>"))
      return true;
  }
  return std::any_of(config.begin(), config.end(), holdsTracedPrograms);
}

std::optional<ModelFormat> modelFormatOf(std::string_view path) {
  static constexpr std::pair<std::string_view, ModelFormat> endings[] = {
      {".keras", ModelFormat::Keras},        {".lamina", ModelFormat::Lamina},
      {".weights.h5", ModelFormat::Weights}, {".h5", ModelFormat::LegacyH5},
      {".hdf5", ModelFormat::LegacyH5},      {".json", ModelFormat::ConfigJson},
  };
  for (const auto &[ending, format] : endings)
    if (path.ends_with(ending))
      return format;
  return std::nullopt;
}

void writeKerasFile(const std::string &path, const KerasFile &original,
                    const std::map<std::string, Array> &weights,
                    const std::optional<json> &compileConfig) {
  std::string config = configTextOf(original, compileConfig);
  std::string metadata = metadataText(original.metadata);
  std::vector<std::byte> image = weightsImage(path, original, weights);
  std::vector<ZipEntry> entries = {{std::string(metadataName), std::as_bytes(std::span(metadata))},
                                   {std::string(configName), std::as_bytes(std::span(config))},
                                   {std::string(weightsName), image}};
  for (const auto &[name, content] : original.assets)
    entries.push_back({name, content});
  writeZipArchive(path, entries);
}

void writeWeightsFile(const std::string &path, const KerasFile &original,
                      const std::map<std::string, Array> &weights) {
  writeFileAtomically(path, weightsImage(path, original, weights));
}

void writeLegacyFile(const std::string &path, const KerasFile &original,
                     const LegacyWeights &weights, const std::optional<json> &compileConfig) {
  json model = {{"class_name", original.config["class_name"]},
                {"config", writableModel(original.config["config"])}};
  json training =
      trainingConfig(compileConfig ? *compileConfig : original.compileConfig.value_or(nullptr));
  std::string version = keptText(original.metadata, "keras_version", fallbackVersion);
  writeFileAtomically(path, hdf5Image(path, legacyContent(version, model, training, weights)));
}

void writeConfigFile(const std::string &path, const KerasFile &original,
                     const std::optional<json> &compileConfig) {
  writeFileAtomically(path, configTextOf(original, compileConfig));
}

} // namespace lamina::frontend
