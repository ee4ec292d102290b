#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "frontend/builder/initializer.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/tensor.h"
#include "frontend/builder/training/regularizer.h"
#include "frontend/keras/config/config.h"
#include "support/element_type.h"

/// The interface of layer classes: their variables and their meaning in IR operations.
namespace lamina::frontend::keras {

/// A variable as a layer asks for it (Keras' `add_weight`). The objects are Keras' serialized
/// initializer, regularizer and constraint; null where there is none.
struct VariableDeclaration {
  std::string name;
  std::vector<int64_t> shape = {}; ///< ShapedType::kDynamic stands for the rows of a whole batch
  nlohmann::json initializer = "zeros";
  nlohmann::json regularizer = nullptr;
  nlohmann::json constraint = nullptr;
  bool trainable = true;
  /// Of a layer inside of this one, which stays trainable when this one is frozen, as in Keras.
  bool ofInnerLayer = false;
  /// Another type than the layer's own.
  std::optional<ElementType> type = std::nullopt;
  /// Its path in the file, below the layer's; empty for "vars/<its number>".
  std::string path = "";
  /// False: kept from step to step, but in no file.
  bool isStored = true;
  /// A second path with the same value; empty for none.
  std::string copyPath = "";
  /// In place of `initializer`, where no object says it.
  std::optional<Initializer> firstValue = std::nullopt;
  /// For initializers that scale by fans and do not say which axes count.
  std::optional<FanAxes> fanAxes = std::nullopt;
};

/// A variable with the settings `<prefix>_initializer`, `_regularizer` and `_constraint`; the
/// prefix is the name unless given. The shape is left to `build`.
VariableDeclaration readVariable(Config &config, const std::string &name,
                                 const char *defaultInitializer, std::string prefix = "");

inline constexpr char kTensorReference[] = "__keras_tensor__";

/// The surroundings of one call of a layer while a function of the model is written.
class LayerCall {
public:
  virtual ~LayerCall() = default;

  virtual Emitter &emit() = 0;
  /// Keras' `training` argument: true in the loss function only.
  virtual bool isTraining() const = 0;
  /// False for a frozen layer.
  virtual bool isTrainable() const = 0;
  virtual const Place &place() const = 0;
  /// The value of the layer's i-th variable, in the order of `build`.
  virtual Tensor variable(size_t index) = 0;
  /// Gives the layer's i-th variable a new value: later reads see it, and it is kept after the
  /// step. Outside of training only what is in no file.
  virtual void assign(size_t index, Tensor value) = 0;
  /// Fresh uniform numbers in [0, 1), f32, of this shape (rows first); other ones in every call and
  /// every training step.
  virtual Tensor uniform(llvm::ArrayRef<int64_t> shape) = 0;
  /// The same, from the standard normal distribution.
  virtual Tensor normal(llvm::ArrayRef<int64_t> shape) = 0;
  /// Remembers the operand of a softmax or sigmoid: a cross-entropy of `result` works on the
  /// logits then (`_keras_logits` in Keras).
  virtual void setLogits(Tensor result, Tensor logits) = 0;
  /// The logits that were set for this tensor; null for none.
  virtual Tensor logits(Tensor result) const = 0;
  /// Says that `indices` count from 0 to `count` - 1. Where they are an input of the model, its
  /// data are checked.
  virtual void limitIndices(Tensor indices, int64_t count) = 0;

  /// Which steps of the i-th input count (Keras' mask): i1, mostly of the input's shape without its
  /// last dimension; null where all do.
  virtual Tensor mask(size_t input) = 0;
  /// Whether that mask is an argument of the call, not one that the input brings along.
  virtual bool namesMask(size_t input) const = 0;
  /// Says which steps of the first `outputs` outputs count; null for all.
  virtual void setMask(Tensor mask, size_t outputs = SIZE_MAX) = 0;
  /// Adds a regularizer's penalty (nothing: none) on what is computed inside of the layer to the
  /// loss, as Keras does with the activity of a layer's inner layers.
  virtual void penalize(const std::optional<Regularizer> &regularizer, Tensor activity) = 0;
  /// Adds a scalar to the loss (Keras' `add_loss`).
  virtual void addLoss(Tensor loss) = 0;
  /// The arguments of a node of keras.ops, as they are serialized: {"args": […], "kwargs": {…}},
  /// where tensors of the model are {"class_name": kTensorReference, "config": INPUT}. For a layer
  /// with LayerEntry::parameters its arguments by name; null for other layers.
  virtual const nlohmann::json &arguments() const = 0;

  [[noreturn]] void fail(std::string_view reason) const { place().fail(reason); }
};

/// What becomes of the mask of a layer's input (which steps of each row count: Keras' Masking)
/// unless the layer's call says it.
enum class MaskUse {
  Drops,   ///< its output has none
  Passes,  ///< its output has the same
  Refuses, ///< the layer cannot be called unless it is given further inputs
  Takes,   ///< neither its output nor those who use its inputs after it have one
};

/// One layer of a model, made from its configuration. Shapes that do not fit are reported through
/// `Place::fail` before any operation is built.
class LayerMeaning {
public:
  virtual ~LayerMeaning() = default;
  /// The variables for inputs of these shapes; trainable ones first, as Keras stores them.
  virtual std::vector<VariableDeclaration>
  build(const Place &, llvm::ArrayRef<mlir::RankedTensorType> inputs) const {
    return {};
  }
  virtual Tensors call(LayerCall &call, llvm::ArrayRef<Tensor> inputs) const = 0;
  /// Whether "activity_regularizer" is about inner layers, which `call` has penalized, and not
  /// about the output.
  virtual bool penalizesInside() const { return false; }

  /// The one input that the layer hands on in a function that trains or does not; the others are
  /// not computed for it. Nothing for layers with a meaning of their own.
  virtual std::optional<size_t> chooseInput(bool) const { return std::nullopt; }

  /// Whether any dimensions may stand between the rows and the last one, each of whose elements is
  /// treated alike and by itself.
  virtual bool takesAnyDimensions() const { return false; }

  MaskUse maskUse = MaskUse::Drops; ///< as the layer's entry says
};

/// An elementwise or axis-wise function that layers apply to their result.
using Activation = std::function<Tensor(LayerCall &, Tensor)>;

/// The one input of a layer that takes one.
Tensor singleInput(const LayerCall &call, llvm::ArrayRef<Tensor> inputs);

} // namespace lamina::frontend::keras
