#pragma once

#include "frontend/files/models/keras_file.h"
#include "frontend/keras/config/registry.h"
#include "frontend/lookups/lookup.h"

/// Layers that are no part of a step: the reader of the data runs them (frontend/lookups).
namespace lamina::frontend::keras {

/// What a lookup is called with: an input of the data, or the result of another lookup.
struct LookupInput {
  bool isText = false;
  ElementType type = ElementType::F32;
  std::vector<int64_t> rowShape = {};
};

struct LookupResult {
  std::shared_ptr<const Lookup> lookup;
  ElementType type = ElementType::I64;
  std::vector<int64_t> rowShape = {};
};

/// What a file has of a lookup beside its configuration: what Keras' `adapt` has found.
struct StoredVocabulary {
  std::optional<std::string> lines; ///< vocabulary.txt
  const Array *weights = nullptr;   ///< of terms in the mode "tf_idf"; null for none

  /// What the file has for the layer with this path of weights.
  StoredVocabulary(const KerasFile &file, const std::string &path);
};

class LookupMeaning : public LayerMeaning {
public:
  virtual void readStored(const Place &, const StoredVocabulary &) {}
  /// The lookup for inputs like these. `given` is the row shape that the user wants it to have,
  /// where the configuration leaves it open.
  virtual LookupResult prepare(const Place &place, llvm::ArrayRef<LookupInput> inputs,
                               const std::optional<std::vector<int64_t>> &given) const = 0;

  /// Says that something else than an input of the model is looked up.
  [[noreturn]] static void refuseComputed(const Place &place);
  /// Lookups that take inputs of the model are none of its calls any more (takeLookups).
  Tensors call(LayerCall &call, llvm::ArrayRef<Tensor>) const override {
    refuseComputed(call.place());
  }
};

struct Model;

/// Takes the lookups out of a model and of those in it: what they give becomes an input of the
/// model under the layer's name, and `model.lookups` says how it follows from data. Inputs that
/// nothing else uses are gone. `inputShapes` gives row shapes by name that the file leaves open.
/// Throws UserError where something else than a lookup uses an input of text.
void takeLookups(Model &model, const std::map<std::string, std::vector<int64_t>> &inputShapes);

} // namespace lamina::frontend::keras
