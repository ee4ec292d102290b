#pragma once

#include "frontend/keras/layers/recurrent/cell.h"

/// The loop of all recurrent layers: keras/src/layers/rnn/rnn.py.
namespace lamina::frontend::keras {

/// The shape of one step of sequences of this shape; refuses what has no steps.
Shape stepOf(const Place &place, llvm::ArrayRef<int64_t> sequences);
/// Exchanges rows and time, the first two dimensions.
Tensor exchangeTime(Tensor x);
/// The states that a call hands on, as floating-point numbers. Refuses others than of these shapes.
Tensors takeStates(const LayerCall &call, llvm::ArrayRef<Tensor> given,
                   llvm::ArrayRef<Shape> shapes);

/// What became of one sequence.
struct Sequence {
  Tensor last;    ///< output of the last step, in the order of processing
  Tensor outputs; ///< those of all steps, rows x time x ...; in the order of time
  Tensors states; ///< after the last step
};

/// The settings that recurrent layers share.
struct RecurrentSettings {
  explicit RecurrentSettings(Config &config);

  bool returnsSequences, returnsState, goesBackwards, isStateful, isUnrolled, zeroesMasked;
};

/// A cell that goes through a sequence. Further inputs of its call are the initial states.
class Recurrent : public LayerMeaning {
public:
  /// `freezesCell`: the cell is frozen with the layer.
  Recurrent(const RecurrentSettings &settings, std::unique_ptr<Cell> cell, bool freezesCell)
      : settings(settings), cell(std::move(cell)), freezesCell(freezesCell) {}

  std::vector<VariableDeclaration>
  build(const Place &place, llvm::ArrayRef<mlir::RankedTensorType> inputs) const override;
  Tensors call(LayerCall &call, llvm::ArrayRef<Tensor> inputs) const override;

  /// Goes through the sequence `inputs[0]` from the states that follow it, or from zeros. Where
  /// `mask` (null for none) is false, states and outputs stay as they were before the step.
  Sequence run(LayerCall &call, llvm::ArrayRef<Tensor> inputs, Tensor mask) const;

  RecurrentSettings settings;

private:
  std::unique_ptr<Cell> cell;
  bool freezesCell;
};

/// The mask that a layer with initial states goes by: as Keras does, it takes the input's own only
/// where there are no such states, but any that the call names.
Tensor maskOfSequence(LayerCall &call, llvm::ArrayRef<Tensor> inputs);

/// The outputs in the order in which Keras gives them.
Tensor inOrderOfProcessing(Tensor outputs, bool isBackwards);

} // namespace lamina::frontend::keras
