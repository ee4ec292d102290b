#pragma once

#include <memory>

#include "frontend/keras/config.h"
#include "frontend/keras/function_writer.h"

namespace lamina::frontend::keras {

/// One variable's update: what an optimizer reads and writes.
struct UpdateCall {
  Tensor gradient;
  Tensor value;        ///< the variable, weight decay applied; to be replaced by its new value
  Tensors slots;       ///< in the order of `slotNames`; to be replaced by their new values
  Tensor learningRate; ///< f32 scalar
  Tensor step;         ///< f32 scalar, 1 in the first update
};

/// The update rule of an optimizer class. Scalars that depend on the step alone are written once
/// per variable and merged by CSE.
class OptimizerMeaning {
public:
  virtual ~OptimizerMeaning() = default;
  /// Names of the slots that each variable has, in groups: a group's slots are stored interleaved
  /// by variable, one group after the other.
  virtual std::vector<std::vector<std::string>> getSlotGroups() const = 0;
  virtual void update(UpdateCall &call) const = 0;
};

struct OptimizerEntry {
  std::vector<std::string> names; ///< class name, then Keras' lower-case name
  double learningRate;            ///< default
  std::optional<double> weightDecay;
  std::unique_ptr<OptimizerMeaning> (*create)(Config &config);
};

const std::vector<OptimizerEntry> &optimizerEntries();

/// An optimizer as a model's compile settings have it: the update rule with what all optimizers
/// share (keras/src/optimizers/base_optimizer.py).
class Optimizer {
public:
  /// From a name or a serialized optimizer. `learningRate` overrides the configured one.
  Optimizer(const Place &place, const nlohmann::json &value, std::optional<double> learningRate);

  /// Declares the optimizer's variables for the trainable ones, in Keras' order of storage.
  void declareVariables(llvm::ArrayRef<const Variable *> trainable);
  llvm::ArrayRef<std::unique_ptr<Variable>> getVariables() const { return variables; }

  /// Writes @optimizer: from gradients to new values.
  void write(FunctionWriter &writer) const;

private:
  struct Trained {
    const Variable *variable;
    std::vector<const Variable *> slots;
  };

  void readClipping(Config &config);
  Variable &declare(const std::string &name, std::vector<int64_t> shape);
  Tensor readLearningRate(FunctionWriter &writer, Emitter &emitter) const;
  Tensors clipGradients(Emitter &emitter, llvm::ArrayRef<Tensor> gradients) const;

  Place place;
  std::string name;
  std::unique_ptr<OptimizerMeaning> meaning;
  double learningRate = 0;
  nlohmann::json schedule; ///< null where the learning rate is a variable
  std::optional<double> weightDecay, clipNorm, clipValue, globalClipNorm;

  std::vector<std::unique_ptr<Variable>> variables;
  const Variable *iteration = nullptr, *learningRateVariable = nullptr;
  std::vector<Trained> trained;
};

} // namespace lamina::frontend::keras
