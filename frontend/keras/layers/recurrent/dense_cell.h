#pragma once

#include "frontend/keras/config/registry.h"
#include "frontend/keras/layers/recurrent/cell.h"

namespace lamina::frontend::keras {

/// A cell whose gates are contractions of the input and of the first state, of `units` columns
/// each: input @ kernel + bias and state @ recurrent_kernel.
class DenseCell : public Cell {
public:
  std::vector<VariableDeclaration> build(const Place &place,
                                         llvm::ArrayRef<int64_t> step) const override;
  std::vector<Shape> stateShapes(llvm::ArrayRef<int64_t> step) const override;
  CellCall begin(LayerCall &layer, size_t firstVariable,
                 llvm::ArrayRef<int64_t> step) const override;
  Tensor project(CellCall &call, Tensor input) const override;

protected:
  DenseCell(Config &config, int64_t gates, size_t states);

  /// The bias that is added to the input's contraction.
  virtual Tensor inputBias(CellCall &call) const { return call.variable(2); }
  /// state @ recurrent_kernel for the gates from `first` to before `last`.
  Tensor recur(CellCall &call, Tensor state, int64_t first, int64_t last) const;

  int64_t units, gates;
  bool useBias;
  Activation activation;
  VariableDeclaration bias;
  CellDropout dropout;

private:
  size_t states;
  VariableDeclaration kernel, recurrentKernel;
};

} // namespace lamina::frontend::keras
