#pragma once

#include <memory>
#include <optional>

#include "frontend/builder/function_writer.h"
#include "frontend/builder/training/constraint.h"
#include "frontend/builder/training/update_rule.h"

namespace lamina::frontend::builder {

/// A variable that an optimizer updates.
struct TrainableVariable {
  const Variable *variable;
  std::optional<Constraint> constraint = std::nullopt;
};

/// An optimizer: the update rule with what all optimizers share, in Keras' order
/// (keras/src/optimizers/base_optimizer.py).
class Optimizer {
public:
  explicit Optimizer(OptimizerSettings settings);

  /// Declares the optimizer's variables for the trainable ones, in Keras' order of storage.
  void declareVariables(llvm::ArrayRef<TrainableVariable> trainable);
  llvm::ArrayRef<std::unique_ptr<Variable>> getVariables() const { return variables; }
  /// The trainable variables with the moving averages that take their places when training ends.
  std::vector<std::pair<const Variable *, const Variable *>> getAverages() const;

  /// Writes @optimizer: from gradients to new values.
  void write(FunctionWriter &writer) const;

private:
  friend class OptimizerStep;

  struct Trained {
    TrainableVariable trainable;
    const Variable *average = nullptr;     ///< of the variable's values, where they are averaged
    const Variable *accumulator = nullptr; ///< of gradients, where they are accumulated
    std::vector<const Variable *> slots = {};

    const Variable &variable() const { return *trainable.variable; }
  };

  const Variable *declare(const Slot &slot);
  const Variable *declareFor(const Trained &entry, const Slot &slot);
  void declareSlots();

  OptimizerSettings settings;
  std::unique_ptr<UpdateRule> rule;
  std::vector<std::unique_ptr<Variable>> variables;
  const Variable *iteration = nullptr, *learningRateVariable = nullptr;
  std::vector<const Variable *> shared;
  std::vector<Trained> trained;
};

} // namespace lamina::frontend::builder
