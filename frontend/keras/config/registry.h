#pragma once

#include <vector>

#include "frontend/keras/model/layer.h"

/// The Keras classes that are understood. Each is one entry, defined in its own file below
/// `layers/`, `activations/`, … and listed in the table of its kind; nothing else knows their
/// names.
namespace lamina::frontend::keras {

struct LayerEntry {
  const char *className; ///< as in "class_name", such as "Dense"
  std::unique_ptr<LayerMeaning> (*create)(Config &config);
  MaskUse maskUse = MaskUse::Drops;
  std::vector<std::string> furtherInputs = {}; ///< arguments of Keras' `call`, tensors too
};

struct ActivationEntry {
  const char *name; ///< of keras.activations, such as "relu"
  Tensor (*apply)(LayerCall &call, Tensor x);
};

llvm::ArrayRef<ActivationEntry> activationEntries();

/// The meaning of a layer of this class. Reads the whole configuration: settings that are not
/// understood are refused here. An unknown class is refused with the nearest known one, classes
/// that hold code with the reason.
std::unique_ptr<LayerMeaning> createLayer(const Place &place, const ObjectConfig &object);

/// The names by which Keras' `call` of this class takes further tensors, in their order behind the
/// first.
llvm::ArrayRef<std::string> furtherInputs(const std::string &className);

/// The activation that a layer's configuration names: a function of keras.activations or a layer
/// without weights; the identity for null.
Activation createActivation(const Place &place, const nlohmann::json &value);

/// `create` of an entry whose layer is constructed from its configuration.
template <typename Layer> std::unique_ptr<LayerMeaning> createFromConfig(Config &config) {
  return std::make_unique<Layer>(config);
}

} // namespace lamina::frontend::keras
