#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "frontend/files/array.h"

namespace lamina::frontend {

/// What a model file says, before anything is made of it: texts, JSON and arrays, all checked for
/// form and none for meaning. Format: keras/src/saving/saving_lib.py of Keras 3.
struct KerasFile {
  std::string path;

  /// config.json: the exact bytes, and parsed. `config` is an object with "class_name" and
  /// "config".
  std::string configText;
  nlohmann::json config;
  /// config["compile_config"] of a model that was compiled; Keras writes null or {} otherwise.
  std::optional<nlohmann::json> compileConfig;
  /// metadata.json (keras_version, date_saved); null for a plain JSON model.
  nlohmann::json metadata;

  /// Datasets of model.weights.h5 by path, such as "layers/dense/vars/0" and "optimizer/vars/0".
  /// Integers narrower or wider than the element types arrive as I64 when every value fits.
  std::map<std::string, Array> weights;
  /// Whether the file holds any variable: false for plain JSON and for models saved unbuilt.
  bool hasWeights = false;
  /// Groups of model.weights.h5 with the name that Keras attached ("" without one):
  /// "layers/dense/vars" -> "dense". Kept so that a written file has them again.
  std::map<std::string, std::string> groups;
  /// Members below assets/ (vocabularies and the like), handed on untouched.
  std::map<std::string, std::vector<std::byte>> assets;
};

/// Reads a `.keras` archive or the JSON text of `model.to_json()`. The content decides, not the
/// name. Throws UserError `FILE: what is wrong; what to do`, also for everything that is not such
/// a file (legacy .h5, SavedModel, TFLite, text, images, damaged archives).
KerasFile readKerasFile(const std::string &path);

/// Writes a `.keras` archive that Keras loads: `original`'s config.json to the byte (with
/// `compileConfig`, if given, in the place of "compile_config"), its groups and assets, and
/// `weights` by path. keras_version is the original's. Nothing is written unless all of it is.
/// Throws UserError `cannot write PATH: reason`.
void writeKerasFile(const std::string &path, const KerasFile &original,
                    const std::map<std::string, Array> &weights,
                    const std::optional<nlohmann::json> &compileConfig = std::nullopt);

} // namespace lamina::frontend
