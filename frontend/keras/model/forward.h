#pragma once

#include <deque>

#include "frontend/builder/function_writer.h"
#include "frontend/builder/loop.h"
#include "frontend/keras/model/model.h"

namespace lamina::frontend::keras {

/// The state behind random numbers: the run's seed and the number of training steps done.
struct RandomState {
  Variable seed, step;
  bool isUsed = false;

  RandomState();
};

/// A value of the model and which steps of it count.
struct MaskedTensor {
  Tensor value;
  Tensor mask = {}; ///< LayerCall::mask
};
using MaskedTensors = llvm::SmallVector<MaskedTensor, 2>;

/// The steps of a sequence, each of which a model is called with.
struct StepScope {
  /// The step's slice of what `draw` gives in front of the loop, in one piece for all steps.
  Tensor drawForAllSteps(llvm::ArrayRef<int64_t> shape,
                         llvm::function_ref<Tensor(llvm::ArrayRef<int64_t>)> draw);

  LoopBody &body;
  int64_t trips;
  StepScope *outer; ///< null for none
  /// The variables that were assigned, and the values that they had before.
  llvm::MapVector<const Variable *, mlir::Value> assigned;
};

/// Writes a model's forward pass into a function. Layers that are not built yet are built from the
/// shapes that reach them.
class Forward {
public:
  Forward(FunctionWriter &writer, RandomState &random, bool isTraining)
      : writer(writer), random(random), isTraining(isTraining) {}

  /// The rows of each batch, where the model's inputs fix them.
  std::optional<int64_t> fixedBatch;
  /// Calls are written that this function does not need, too: all layers are built then.
  bool writesAll = false;

  MaskedTensors run(Model &model, llvm::ArrayRef<MaskedTensor> inputs);

  /// An emitter with this name as its location, alive as long as this object.
  Emitter &emitterAt(llvm::StringRef name, ElementType type = ElementType::F32);
  /// The operand of the softmax or sigmoid that gave `value`; null when none gave it directly.
  Tensor findLogits(Tensor value) const { return logits.lookup(value); }
  /// The least number of entries that `value` is an index into; nothing where it is no index.
  std::optional<int64_t> findIndexLimit(Tensor value) const {
    auto limit = indexLimits.find(value);
    return limit == indexLimits.end() ? std::nullopt : std::optional(limit->second);
  }
  /// Activity regularizers' penalties, each divided by the rows, and losses of layers.
  llvm::ArrayRef<Tensor> getPenalties() const { return penalties; }
  /// Counts the training step where the function drew random numbers.
  void advanceRandomStep();

private:
  friend class WrittenCall;

  void build(Layer &layer, llvm::ArrayRef<Tensor> inputs);
  /// The rows of a whole batch, for state that each of them has. Refuses another number than the
  /// file's.
  int64_t takeWholeBatch(const Place &place);
  void assign(const Variable &variable, mlir::Value value);
  /// Calls a model with each step of a sequence.
  MaskedTensors callInSteps(Layer &layer, Emitter &emitter, llvm::ArrayRef<MaskedTensor> inputs);
  Tensors carryAssigned(StepScope &scope, Emitter &emitter);
  void carryPenalties(StepScope &scope, size_t first, Tensors &next);
  MaskedTensors callLayer(Layer &called, const Node &node, llvm::ArrayRef<MaskedTensor> inputs);
  /// The inputs of a call of a model: of one that stands for a class, with its parameters.
  MaskedTensors completeInputs(const Layer &layer, Emitter &emitter,
                               llvm::ArrayRef<MaskedTensor> inputs);
  /// Calls a layer that is no model.
  MaskedTensors callMeaning(Layer &layer, Emitter &emitter, const Node &node,
                            llvm::ArrayRef<MaskedTensor> inputs);
  /// Fresh random bits, i32; advances the stream.
  Tensor drawBits(Emitter &emitter, llvm::ArrayRef<int64_t> shape);
  void addPenalty(const Place &place, const std::optional<Regularizer> &regularizer,
                  Tensor activity);

  FunctionWriter &writer;
  RandomState &random;
  bool isTraining;
  bool drewRandom = false;
  int64_t drawCount = 0;
  std::deque<Emitter> emitters;
  llvm::DenseMap<mlir::Value, Tensor> logits;
  llvm::DenseMap<mlir::Value, int64_t> indexLimits;
  llvm::SmallVector<Tensor> penalties;
  StepScope *steps = nullptr; ///< those that are being written; null for none
};

} // namespace lamina::frontend::keras
