#pragma once

#include <set>

#include "frontend/keras/model/model.h"

/// Model files as the meaning of classes that are not Keras' own, and of Lambda layers
/// (KerasFile::definitions).
///
/// The layer becomes a model inside of the model. Its configuration gives parameters:
/// - an input of the definition that is named as a setting gets the setting's numbers;
/// - a text "{units}" in the definition's configuration stands for the setting 'units'.
///
/// Weights: a layer 'att' of the definition has those of the attribute `att` of the class, with a
/// dot for every step down ('blocks.dense_1'); other layers have the variables that the class added
/// itself, in their order.
namespace lamina::frontend::keras {

/// The file that defines the serialized layer, with its class, its registered name or its own name;
/// null for a layer without one. `used` gets what it was found by.
const KerasFile *findDefinition(const KerasFile &file, const nlohmann::json &layer,
                                const std::string &name, std::set<std::string> &used);

/// The serialized layer's class and configuration, whatever the class.
ObjectConfig readDefined(const Place &place, const nlohmann::json &layer);

/// The definition's model with the settings in the place of its texts "{setting}"; `read` gets the
/// names of those settings.
ObjectConfig instantiate(const Place &place, const KerasFile &definition,
                         const nlohmann::json &settings, std::set<std::string> &read);

/// Numbers for the inputs of the definition's model that are named as a setting, by input; `read`
/// gets the names.
std::map<size_t, Config::Numbers> readParameters(const Place &place, const Model &definition,
                                                 const nlohmann::json &settings,
                                                 std::set<std::string> &read);

/// Settings of layers of defined classes that their definitions do not read. Two layers must not
/// differ in one: the definition can be right for one of them only.
class UnreadSettings {
public:
  /// Refuses a layer of the definition in `file` that differs from one before.
  void compare(const Place &place, const KerasFile &definition, const nlohmann::json &settings,
               const std::set<std::string> &read);

private:
  /// By definition: the first layer and its settings.
  std::map<const KerasFile *, std::pair<std::string, nlohmann::json>> first;
};

/// The parameter of input `input` of a defined layer as a tensor; null where the call has to give
/// that input.
Tensor makeParameter(Emitter &emitter, const Layer &layer, size_t input);

/// Gives the variables of defined layers their paths in the file. Refuses weights that the
/// definition has no variables for, and variables without weights.
void placeDefinedVariables(const Model &model, const KerasFile &file);

} // namespace lamina::frontend::keras
