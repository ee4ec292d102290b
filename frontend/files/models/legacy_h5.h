#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "frontend/files/arrays/array.h"
#include "frontend/files/hdf5/hdf5.h"

/// The legacy `.h5` format, which Keras 2 wrote and Keras 3 still reads and writes
/// (keras/src/legacy/saving/legacy_h5_format.py): configurations as JSON in attributes, and weights
/// whose place in the model is their position alone.
namespace lamina::frontend {

using NamedArray = std::pair<std::string, Array>;

/// The weights of one layer of the outermost model: trainable ones first, then the others.
struct LegacyLayer {
  std::string name;
  std::vector<NamedArray> weights;
};

struct LegacyWeights {
  std::vector<LegacyLayer> layers;   ///< all in the model's order, also those without weights
  std::vector<NamedArray> optimizer; ///< in the optimizer's order; empty for none
  /// Of the Keras 2 that wrote them: the optimizer's weights have other names. Empty: Keras 3.
  std::string version;
};

/// Whether the content is a model (`model_config`), or weights alone (`layer_names`).
bool isLegacyModel(const Hdf5Content &content);
bool isLegacyWeights(const Hdf5Content &content);

/// Text of an attribute of the root, such as `model_config`.
std::optional<std::string> rootText(const Hdf5Content &content, const std::string &name);

/// The weights of a legacy model, or of a file with weights alone. Lists of names that are split
/// over `NAME0`, `NAME1`, … are put together. `file` is for messages. Throws UserError `FILE: is
/// damaged: …` when a name has no data, and for Keras 1 and backends that flip kernels.
LegacyWeights readLegacyWeights(std::string_view file, Hdf5Content &content);

/// The content of a legacy model file. `version` is that of Keras; a null `training` is left out.
Hdf5Content legacyContent(const std::string &version, const nlohmann::json &model,
                          const nlohmann::json &training, const LegacyWeights &weights);

} // namespace lamina::frontend
