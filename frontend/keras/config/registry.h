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
  /// All parameters of Keras' `call` where it takes more than tensors, in order. Inputs are the
  /// tensors among the arguments in this order; "key=value" is that of "value" unless it is given.
  std::vector<std::string> parameters = {};
  /// The name of the class in Keras' source where it is exported by another one.
  const char *ownName = nullptr;
  /// Whether the layer is a LookupMeaning, which has no type of floating-point numbers.
  bool isLookup = false;
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

/// Whether layers of this class are lookups.
bool isLookupClass(const std::string &className);

/// The parameters of Keras' `call` of this class, where a call has to name them; else none.
llvm::ArrayRef<std::string> callParameters(const std::string &className);

/// The class's name in Keras' source, by which weights are stored.
std::string ownClassName(const std::string &className);

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
