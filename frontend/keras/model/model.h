#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/builder/training/regularizer.h"
#include "frontend/builder/variable.h"
#include "frontend/files/models/keras_file.h"
#include "frontend/keras/model/layer.h"
#include "frontend/lookups/lookup.h"
#include "support/element_type.h"

/// A model as its configuration describes it, before any shape is known.
namespace lamina::frontend::keras {

/// Output `tensor` of the `node`-th call of a model's `layer`-th layer.
struct TensorReference {
  size_t layer = 0, node = 0, tensor = 0;
};

/// One call of a layer.
struct Node {
  std::vector<TensorReference> inputs;
  nlohmann::json arguments = nullptr; ///< LayerCall's, null but for nodes of keras.ops
  /// Masks that the call names, by the number of the input; others are those that values have.
  std::map<size_t, TensorReference> masks = {};
  /// Whether the call is one of training whatever the function is: of traced programs.
  std::optional<bool> training = std::nullopt;

  /// All that has to be known before the call.
  std::vector<TensorReference> references() const;
};

/// A variable of a built layer. The objects are Keras' serialized ones; null where there is none.
struct LayerVariable : Variable {
  nlohmann::json regularizer = nullptr;
  nlohmann::json constraint = nullptr;
};

/// An input of a model: the shape of one row (-1: not known) and its type.
struct InputDeclaration {
  ElementType type = ElementType::F32;
  bool isHalf = false; ///< float16: F32 with the values rounded to it
  bool isText = false; ///< of texts, which only lookups take: `type` says nothing then
  std::vector<int64_t> rowShape;
  std::optional<int64_t> batch; ///< rows of each batch, where the file fixes them
  bool isScalar = false;        ///< not even rows: only for parameters of definitions
};

struct Model;

struct Layer {
  std::string className, name;
  std::string scope; ///< name within the outermost model, such as "encoder/dense"
  std::string path;  ///< in the weights file, such as "layers/dense"
  bool isTrainable = true;
  bool isFrozen = false;    ///< KerasFile::frozen: with the layers inside, unlike what files say
  bool isOperation = false; ///< a node of keras.ops
  ElementType type = ElementType::F32; ///< of its floating-point variables and results
  Place place;
  std::vector<Node> nodes;
  std::optional<Regularizer> activityRegularizer = std::nullopt;

  /// The first occurrence of a layer that several models contain ("shared_object_id"): that one
  /// has the weights. Null otherwise.
  Layer *original = nullptr;
  // Without an original, exactly one of these three is set; of lookups that were taken out of the
  // model (takeLookups) the first and the last.
  std::optional<InputDeclaration> input;
  std::unique_ptr<Model> model;
  std::unique_ptr<LayerMeaning> meaning;
  bool isInSteps = false; ///< `model` is called with each step of a sequence: TimeDistributed

  /// Set where `model` stands for the layer's class (definitions.h): numbers for inputs of it that
  /// no call gives, by input. `definition` is its file.
  std::optional<std::map<size_t, Config::Numbers>> parameters = std::nullopt;
  std::string definition;

  bool isBuilt = false;
  std::vector<LayerVariable> variables; ///< once built

  /// LayerMeaning::chooseInput; nothing where a model stands for the layer.
  std::optional<size_t> chooseInput(bool isTraining) const {
    const Layer &home = original ? *original : *this;
    return home.meaning ? home.meaning->chooseInput(isTraining) : std::nullopt;
  }
};

/// A value that a model takes or gives.
struct ModelPort {
  TensorReference tensor;
  std::string name; ///< the layer's name
  std::string key;  ///< its key where the model takes or gives a dict, else empty
};

/// A Functional model, or a Sequential one as a chain. `order` runs the calls so that each finds
/// its inputs.
struct Model {
  std::string name;
  std::vector<std::unique_ptr<Layer>> layers;
  std::vector<ModelPort> inputs, outputs;       ///< in model order: dicts by sorted key
  std::vector<std::pair<size_t, size_t>> order; ///< (layer, node), inputs left out
  LookupPlan lookups; ///< how `inputs` follow from data; empty where they are the data's own

  /// All layers that have variables, nested models' at their place.
  std::vector<Layer *> flattenLayers() const;
};

/// Parses `file.config`. A layer that is not understood is reported through UserError; with
/// `problems` given, each such line goes there instead and parsing goes on, so that all are found
/// (the model is usable only when none was added). `inputShapes` gives row shapes by input name for
/// axes that the file leaves open.
std::unique_ptr<Model> parseModel(const KerasFile &file,
                                  const std::map<std::string, std::vector<int64_t>> &inputShapes,
                                  std::vector<std::string> *problems = nullptr);

/// Whether a class is that of a model: Sequential, Functional and its names.
bool isModelClass(const std::string &className);

/// Keras' to_snake_case: "PReLU" -> "p_re_lu", "Conv2D" -> "conv2d".
std::string toSnakeCase(std::string_view name);

} // namespace lamina::frontend::keras
