#pragma once

#include "frontend/keras/model/layer.h"

/// What happens in one step of a recurrent layer: keras.layers.*Cell.
namespace lamina::frontend::keras {

using Shape = llvm::SmallVector<int64_t>;

/// One use of a cell: the layer around it, which has its variables, and what was drawn for all
/// steps.
struct CellCall {
  LayerCall &layer;
  size_t firstVariable = 0;
  /// Dropout: what inputs and the first state are multiplied with, one for all gates or one each;
  /// empty for none.
  Tensors inputFactors = {}, stateFactors = {};
  std::vector<CellCall> inner = {}; ///< those of stacked cells

  Tensor variable(size_t index) { return layer.variable(firstVariable + index); }
};

struct CellStep {
  Tensor output;
  Tensors states; ///< for the next step
};

/// Shapes and tensors have the rows first. The input of a step goes through `project`, then `step`;
/// what `project` does can be done for all steps at once where `projectsAllSteps`: its input then
/// has time in front of the rows.
class Cell {
public:
  virtual ~Cell() = default;

  /// The variables for a step's input of this shape, trainable ones first. Refuses what does not
  /// fit, naming `place`.
  virtual std::vector<VariableDeclaration> build(const Place &place,
                                                 llvm::ArrayRef<int64_t> step) const = 0;
  virtual std::vector<Shape> stateShapes(llvm::ArrayRef<int64_t> step) const = 0;
  virtual Shape outputShape(llvm::ArrayRef<int64_t> step) const { return stateShapes(step)[0]; }
  /// Draws dropout for all steps of one call.
  virtual CellCall begin(LayerCall &layer, size_t firstVariable,
                         llvm::ArrayRef<int64_t> step) const = 0;
  virtual bool projectsAllSteps() const { return true; }
  virtual Tensor project(CellCall &call, Tensor input) const = 0;
  virtual CellStep step(CellCall &call, Tensor projected, llvm::ArrayRef<Tensor> states) const = 0;

  bool isTrainable = true; ///< as the file says of it
};

/// The settings "dropout" and "recurrent_dropout", and what they draw.
class CellDropout {
public:
  /// `gates` factors are drawn, one for each, where the gates are computed apart: always, or as
  /// Keras' "implementation" 1 does, which is that of `recurrent_dropout`. Else it is one for all.
  CellDropout(Config &config, size_t gates, bool isAlwaysApart = false);

  /// Factors for inputs and states of these shapes, in training.
  void draw(CellCall &call, llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> state) const;

  bool dropsAll = false; ///< whether a rate of 1 makes zeros (SimpleRNN) or counts as 0

private:
  Tensors drawFactors(LayerCall &layer, double rate, llvm::ArrayRef<int64_t> shape) const;

  double inputRate, stateRate;
  size_t count; ///< of factors for inputs, and of those for states
};

/// The activation that a setting names, null for the identity; `fallback` where it is missing.
Activation readActivation(Config &config, const char *key, const char *fallback);

/// The configured bias; with 'unit_forget_bias' the second of its four parts begins as 1.
VariableDeclaration readGateBias(Config &config, int64_t units);

/// The i-th of `count` equal parts of the last dimension.
Tensor takeGate(Tensor x, int64_t i, int64_t count);

/// The cell that a file's object describes; `type` is that of the layer around it. Refuses what is
/// no cell.
std::unique_ptr<Cell> createCell(const Place &place, const nlohmann::json &object,
                                 const std::string &outerClass, ElementType type);

/// Cells from configurations of their own, or of the layers that are made of one.
std::unique_ptr<Cell> createSimpleRnnCell(Config &config);
std::unique_ptr<Cell> createLstmCell(Config &config);
std::unique_ptr<Cell> createGruCell(Config &config);
std::unique_ptr<Cell> createConvLstmCell(Config &config, int64_t spatialRank);
std::unique_ptr<Cell> createStackedCells(Config &config);
/// A traced program of a user's own cell (lamina>Cell).
std::unique_ptr<Cell> createTracedCell(Config &config);

} // namespace lamina::frontend::keras
