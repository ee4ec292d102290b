#pragma once

#include "frontend/keras/config/config.h"
#include "frontend/keras/model/model.h"

namespace lamina::frontend::keras {

/// A function of tensors as a Functional model of operations of keras.ops alone: traced code of a
/// loss or a metric.
class TracedProgram {
public:
  /// Reads the member `key` of a configuration. Throws UserError when it is no such model, or has
  /// another number of inputs than from `least` to `most`.
  TracedProgram(Config &config, const std::string &key, size_t least, size_t most);

  size_t countInputs() const { return model->inputs.size(); }
  /// The type of the i-th input: rows first where it has rows (MLIR's dynamic extent).
  std::vector<int64_t> inputShape(size_t input) const;
  ElementType inputType(size_t input) const;
  /// The values of the outputs. Inputs are brought to the types that the program declares (but
  /// floating-point ones keep theirs) and to its shapes where that is a matter of dimensions of 1.
  /// `logitsOf`, with `logits`, is an input that a softmax or sigmoid gave.
  Tensors run(llvm::ArrayRef<Tensor> inputs, Tensor logitsOf = {}, Tensor logits = {}) const;

private:
  Tensor fit(Tensor value, size_t input) const;

  Place place;
  std::shared_ptr<Model> model;
};

} // namespace lamina::frontend::keras
