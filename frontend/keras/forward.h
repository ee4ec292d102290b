#pragma once

#include <deque>

#include "frontend/keras/function_writer.h"
#include "frontend/keras/model.h"

namespace lamina::frontend::keras {

/// The state behind random numbers: the run's seed and the number of training steps done.
struct RandomState {
  Variable seed, step;
  bool isUsed = false;

  RandomState();
};

/// Writes a model's forward pass into a function. Layers that are not built yet are built from the
/// shapes that reach them.
class Forward {
public:
  Forward(FunctionWriter &writer, RandomState &random, bool isTraining)
      : writer(writer), random(random), isTraining(isTraining) {}

  Tensors run(Model &model, llvm::ArrayRef<Tensor> inputs);

  /// An emitter with this name as its location, alive as long as this object.
  Emitter &emitterAt(llvm::StringRef name);
  /// What a softmax or sigmoid gave `value` from; null when `value` is not one's direct result.
  Tensor findLogits(Tensor value) const { return logits.lookup(value); }
  /// The least number of entries that `value` is an index into; nothing where it is no index.
  std::optional<int64_t> findIndexLimit(Tensor value) const {
    auto limit = indexLimits.find(value);
    return limit == indexLimits.end() ? std::nullopt : std::optional(limit->second);
  }
  /// Activity regularizers' penalties, each divided by the rows.
  llvm::ArrayRef<Tensor> getPenalties() const { return penalties; }
  /// Counts the training step where the function drew random numbers.
  void advanceRandomStep();

private:
  friend class WrittenCall;

  void build(Layer &layer, llvm::ArrayRef<Tensor> inputs);
  Tensors callLayer(Layer &called, llvm::ArrayRef<Tensor> inputs);
  Tensor drawUniform(Emitter &emitter, llvm::ArrayRef<int64_t> shape);
  void addPenalty(Layer &layer, Emitter &emitter, llvm::ArrayRef<Tensor> outputs);

  FunctionWriter &writer;
  RandomState &random;
  bool isTraining;
  bool drewRandom = false;
  int64_t drawCount = 0;
  std::deque<Emitter> emitters;
  llvm::DenseMap<mlir::Value, Tensor> logits;
  llvm::DenseMap<mlir::Value, int64_t> indexLimits;
  llvm::SmallVector<Tensor> penalties;
};

} // namespace lamina::frontend::keras
