#pragma once

#include "frontend/keras/model/layer.h"

namespace lamina::frontend::keras {

/// The dense layers inside of an attention layer, whose settings they share. Each contracts the
/// last dimensions of its input with a kernel and adds a bias.
class Projections {
public:
  explicit Projections(Config &config);

  /// A projection from the last dimensions `from` to the dimensions `to`. `place` is the inner
  /// layer in the weights file, `name` the one that Keras gives it.
  void declare(std::vector<VariableDeclaration> &variables, const std::string &place,
               const char *name, llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to) const;
  /// x through the `index`-th projection that was declared, which contracts its last `bound`
  /// dimensions.
  Tensor apply(LayerCall &call, Tensor x, size_t index, int64_t bound = 1,
               Tensor (*activation)(Tensor) = nullptr) const;

private:
  VariableDeclaration kernel, bias;
  bool useBias;
  std::optional<Regularizer> activityRegularizer;
};

} // namespace lamina::frontend::keras
