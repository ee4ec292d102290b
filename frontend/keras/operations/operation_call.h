#pragma once

#include "frontend/keras/model/layer.h"

/// Nodes of keras.ops in Functional models: Keras writes `x + y` or `ops.mean(x, axis=1)` as a
/// "layer" whose class is the operation's.
namespace lamina::frontend::keras {

/// The arguments of one operation by name, those of its constructor and those of its call alike:
/// tensors of the model, literals and settings.
class OperationCall {
public:
  /// `arguments` is one object; tensors of the model are indices into `inputs` there.
  OperationCall(LayerCall &layer, const nlohmann::json &arguments, llvm::ArrayRef<Tensor> inputs)
      : layer(layer), settings(arguments, layer.place()), inputs(inputs) {}

  LayerCall &layer;
  Config settings; ///< of everything that is no tensor

  [[noreturn]] void fail(std::string_view reason) const { layer.fail(reason); }
  Emitter &emit() const { return layer.emit(); }

  /// A tensor, from a tensor of the model, a literal array or a number.
  Tensor tensor(const std::string &key);
  /// The same with floating-point elements.
  Tensor floatTensor(const std::string &key) { return tensor(key).toFloat(); }
  /// A tensor that may be missing or null: a null tensor then.
  Tensor optionalTensor(const std::string &key) {
    return settings.has(key) ? tensor(key) : Tensor();
  }
  /// A list of tensors with one element type; a single one is a list of one.
  Tensors tensors(const std::string &key);
  /// Two tensors with the element type that Keras' promotion gives both
  /// (keras.backend.result_type): numbers take the other's type.
  std::pair<Tensor, Tensor> promoted(const std::string &first, const std::string &second);
  /// The same in floating point.
  std::pair<Tensor, Tensor> promotedFloats(const std::string &first, const std::string &second);
  /// An i1 tensor: what is not 0.
  Tensor boolTensor(const std::string &key);

  /// `axis` counted from the front.
  int64_t axis(const std::string &key, int64_t fallback, int64_t rank);
  /// Ascending, counted from the front; all of them where the file says null.
  llvm::SmallVector<int64_t> axes(const std::string &key, int64_t rank);
  /// The element type that a "dtype" names; null where the file says null.
  mlir::Type elementType(const std::string &key);

private:
  /// The argument as it is in the file; refuses a missing one.
  const nlohmann::json &argument(const std::string &key);
  /// `type` is that of a plain number.
  Tensor read(const std::string &key, const nlohmann::json &value, mlir::Type type);
  Tensor readLiteral(const std::string &key, const nlohmann::json &value);
  /// The type of a plain number beside a tensor of type `other` (null: beside none).
  mlir::Type numberType(const nlohmann::json &number, mlir::Type other);

  llvm::ArrayRef<Tensor> inputs;
};

/// Refuses shapes that do not broadcast to each other.
void checkBroadcast(const OperationCall &call, Tensor a, Tensor b);
/// The type that values of both types get, as Keras promotes them.
mlir::Type promoteTypes(const OperationCall &call, mlir::Type a, mlir::Type b);

/// Both tensors in that type, whatever their shapes.
std::pair<Tensor, Tensor> inCommonType(const OperationCall &call, Tensor a, Tensor b);

struct OperationEntry {
  const char *className; ///< such as "Mean"
  /// Names of the call's arguments in order; a last one that begins with '*' takes all that are
  /// left, as a list.
  std::vector<const char *> parameters;
  Tensors (*apply)(OperationCall &call);
};

/// Whether a class is one of keras.ops.
bool isOperation(const ObjectConfig &object);

/// The meaning of a node of keras.ops. An unknown class is refused with the nearest known one.
std::unique_ptr<LayerMeaning> createOperation(const Place &place, const ObjectConfig &object);

} // namespace lamina::frontend::keras
