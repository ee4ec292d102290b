#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "frontend/files/arrays/array.h"
#include "frontend/files/models/legacy_h5.h"

namespace lamina::frontend {

/// The content of a model file, before anything is made of it: texts, JSON and arrays, all checked
/// for form and none for meaning. Format: keras/src/saving/saving_lib.py of Keras 3.
struct KerasFile {
  std::string path;

  /// config.json: the exact bytes, and parsed. `config` is an object with "class_name" and
  /// "config". Configurations of Keras 2 and of `.h5` files are in the form of Keras 3 (see
  /// legacy_config.h), and so are the bytes.
  std::string configText;
  nlohmann::json config;
  /// config["compile_config"] of a model that was compiled; Keras writes null or {} otherwise.
  std::optional<nlohmann::json> compileConfig;
  /// Whether Keras 2 wrote the file: optimizer state has no learning rate then.
  bool isOlder = false;
  /// Parts of the file that were ignored, as lines for the user without the file's name.
  std::vector<std::string> notes;
  /// metadata.json (keras_version, date_saved); null for a plain JSON model.
  nlohmann::json metadata;

  /// Datasets of model.weights.h5 by path, such as "layers/dense/vars/0" and "optimizer/vars/0".
  /// Integers narrower or wider than the element types arrive as I64 when every value fits.
  std::map<std::string, Array> weights;
  /// Instead of `weights`, for as long as nobody knows their place in the model: see
  /// placeLegacyWeights in frontend/keras/weights/weights.h.
  std::optional<LegacyWeights> legacyWeights;
  /// The file that the weights are from, for messages: `path`, unless readWeights was called.
  std::string weightsPath;
  /// Whether the file holds any variable: false for plain JSON and for models saved unbuilt.
  bool hasWeights = false;
  /// Groups of model.weights.h5 with the name that Keras attached ("" without one):
  /// "layers/dense/vars" -> "dense". Kept so that a written file has them again.
  std::map<std::string, std::string> groups;
  /// Members below assets/ (vocabularies and the like), handed on untouched.
  std::map<std::string, std::vector<std::byte>> assets;
  /// Files that say what classes mean which are not Keras' own, by class, and Lambda layers, by
  /// name. Not part of the file: its reader's user gives them.
  std::map<std::string, std::shared_ptr<const KerasFile>> definitions;
  /// Layers, by their paths in nested models ("base/conv1"), that its reader's user has frozen with
  /// all that is in them, whatever the configuration says.
  std::set<std::string> frozen;
};

/// Reads a `.keras` archive, a legacy `.h5` model or the JSON text of `model.to_json()`, of Keras 3
/// or 2. The content decides, not the name. Throws UserError `FILE: what is wrong; what to do`,
/// also for everything that is not such a file (SavedModel, TFLite, text, images, damaged
/// archives).
KerasFile readKerasFile(const std::string &path);

/// What an archive with these texts, config.json and metadata.json, would be without weights and
/// assets, which the caller adds. `path` is for messages. Throws UserError like readKerasFile.
KerasFile makeKerasFile(const std::string &path, std::string_view config,
                        std::string_view metadata);

/// Replaces the file's weights, optimizer state included, by those of another file: `.weights.h5`,
/// `.keras`, or a legacy `.h5` with or without a model. Throws UserError like readKerasFile.
void readWeights(KerasFile &file, const std::string &path);

/// The format that a model is written in, by the end of the file's name.
enum class ModelFormat {
  Keras,      ///< .keras
  Lamina,     ///< .lamina: the same archive, in which traced programs may be
  LegacyH5,   ///< .h5, .hdf5
  Weights,    ///< .weights.h5
  ConfigJson, ///< .json
};

/// Whether the model, or its loss or a metric, holds traced programs, which Keras cannot read: the
/// model's `config` or its `compileConfig`.
bool holdsTracedPrograms(const nlohmann::json &config);

/// Nothing for a name that ends otherwise.
std::optional<ModelFormat> modelFormatOf(std::string_view path);

/// Writes a `.keras` archive that Keras loads: `original`'s config.json to the byte (with
/// `compileConfig`, if given, in the place of "compile_config"), its groups and assets, and
/// `weights` by path. keras_version is the original's. Nothing is written unless all of it is.
/// Throws UserError `cannot write PATH: reason`.
void writeKerasFile(const std::string &path, const KerasFile &original,
                    const std::map<std::string, Array> &weights,
                    const std::optional<nlohmann::json> &compileConfig = std::nullopt);

/// Writes a `.weights.h5` file, which is the archive's member of weights on its own.
void writeWeightsFile(const std::string &path, const KerasFile &original,
                      const std::map<std::string, Array> &weights);

/// Writes a legacy `.h5` file.
void writeLegacyFile(const std::string &path, const KerasFile &original,
                     const LegacyWeights &weights,
                     const std::optional<nlohmann::json> &compileConfig = std::nullopt);

/// Writes config.json on its own, as model.to_json() gives it.
void writeConfigFile(const std::string &path, const KerasFile &original,
                     const std::optional<nlohmann::json> &compileConfig = std::nullopt);

} // namespace lamina::frontend
