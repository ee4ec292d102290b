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
  Emitter &emitterAt(llvm::StringRef name, ElementType type = ElementType::F32);
  /// What a softmax or sigmoid gave `value` from; null when `value` is not one's direct result.
  Tensor findLogits(Tensor value) const { return logits.lookup(value); }
  /// The least number of entries that `value` is an index into; nothing where it is no index.
  std::optional<int64_t> findIndexLimit(Tensor value) const {
    auto limit = indexLimits.find(value);
    return limit == indexLimits.end() ? std::nullopt : std::optional(limit->second);
  }
  /// Which steps of `value` count; null for all.
  Tensor findMask(Tensor value) const { return masks.lookup(value); }
  /// Activity regularizers' penalties, each divided by the rows.
  llvm::ArrayRef<Tensor> getPenalties() const { return penalties; }
  /// Counts the training step where the function drew random numbers.
  void advanceRandomStep();

private:
  friend class WrittenCall;

  void build(Layer &layer, llvm::ArrayRef<Tensor> inputs);
  Tensors callLayer(Layer &called, const Node &node, llvm::ArrayRef<Tensor> inputs);
  /// Fresh random bits, i32; advances the stream.
  Tensor drawBits(Emitter &emitter, llvm::ArrayRef<int64_t> shape);
  /// Gives the outputs the inputs' mask where the layer passes it on.
  void passMask(Layer &layer, llvm::ArrayRef<Tensor> inputs, llvm::ArrayRef<Tensor> outputs);
  void addPenalty(Layer &layer, Emitter &emitter, llvm::ArrayRef<Tensor> outputs);

  FunctionWriter &writer;
  RandomState &random;
  bool isTraining;
  bool drewRandom = false;
  int64_t drawCount = 0;
  std::deque<Emitter> emitters;
  llvm::DenseMap<mlir::Value, Tensor> logits, masks;
  llvm::DenseMap<mlir::Value, int64_t> indexLimits;
  llvm::SmallVector<Tensor> penalties;
};

} // namespace lamina::frontend::keras
