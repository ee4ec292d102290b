#pragma once

#include <memory>

#include "frontend/builder/function_writer.h"
#include "frontend/keras/config.h"
#include "frontend/keras/model.h"

namespace lamina::frontend::keras {

/// State of an optimizer: of one variable, or shared by all of them.
struct Slot {
  std::string name;
  std::vector<int64_t> shape;
  double initial = 0;
  ElementType type = ElementType::F32; ///< f64 where the variable, or the first one, has it
  ir::VariableRole training = ir::VariableRole::OptimizerState;
};

/// Groups of slots: a group's slots are stored interleaved by variable, one group after the other.
using SlotGroups = std::vector<std::vector<Slot>>;

/// One variable's update: what an optimizer reads and writes, all in the variable's type.
struct UpdateCall {
  const Variable &variable;
  Tensor gradient;
  Tensor old;          ///< the variable
  Tensor value;        ///< the same, weight decay applied; to be replaced by its new value
  Tensors slots;       ///< in the order of `getSlotGroups`; to be replaced by their new values
  Tensors shared;      ///< in the order of `getSharedSlots`, updated
  Tensor learningRate; ///< scalar
  Tensor step;         ///< scalar, 1 in the first update
};

/// The update rule of an optimizer class. Scalars that depend on the step alone are written once
/// per variable and merged by CSE.
class OptimizerMeaning {
public:
  virtual ~OptimizerMeaning() = default;
  /// The slots of one variable; every variable has the same number of groups.
  virtual SlotGroups getSlotGroups(const Variable &variable) const = 0;
  /// Scalars of the optimizer as a whole, stored after all groups.
  virtual std::vector<Slot> getSharedSlots() const { return {}; }
  /// Replaces the shared slots by their new values, before the first variable is updated.
  virtual void updateShared(Tensors & /*shared*/, Tensor /*step*/) const {}
  /// The weight decay of one variable, where the configuration says `configured`.
  virtual std::optional<double> getWeightDecay(const Variable & /*variable*/,
                                               std::optional<double> configured) const {
    return configured;
  }
  virtual void update(UpdateCall &call) const = 0;
};

struct OptimizerEntry {
  std::vector<std::string> names; ///< class name, then Keras' lower-case name
  double learningRate;            ///< default
  nlohmann::json defaults;        ///< of settings in which null means something else
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
  void declareVariables(llvm::ArrayRef<const LayerVariable *> trainable);
  llvm::ArrayRef<std::unique_ptr<Variable>> getVariables() const { return variables; }
  /// The trainable variables with the moving averages that take their places when training ends.
  std::vector<std::pair<const Variable *, const Variable *>> getAverages() const;

  /// Writes @optimizer: from gradients to new values.
  void write(FunctionWriter &writer) const;

private:
  friend class OptimizerStep;

  struct Trained {
    const LayerVariable *variable;
    const Variable *average = nullptr;     ///< of the variable's values, where `ema` is set
    const Variable *accumulator = nullptr; ///< of gradients, where `accumulationSteps` is set
    std::vector<const Variable *> slots = {};
  };
  /// Moving averages of the variables.
  struct MovingAverage {
    double momentum;
    std::optional<int64_t> overwriteFrequency; ///< in updates; nothing: at the end alone
  };

  void readClipping(Config &config);
  void readMovingAverage(Config &config);
  void readAccumulation(Config &config);
  const Variable *declare(const Slot &slot);
  const Variable *declareFor(const Trained &entry, const Slot &slot);
  void declareSlots();

  Place place;
  std::string name;
  std::unique_ptr<OptimizerMeaning> meaning;
  double learningRate = 0;
  nlohmann::json schedule; ///< null where the learning rate is a variable
  std::optional<double> weightDecay, clipNorm, clipValue, globalClipNorm;
  std::optional<MovingAverage> ema;
  std::optional<int64_t> accumulationSteps; ///< batches whose gradients make one update

  std::vector<std::unique_ptr<Variable>> variables;
  const Variable *iteration = nullptr, *learningRateVariable = nullptr;
  std::vector<const Variable *> shared;
  std::vector<Trained> trained;
};

} // namespace lamina::frontend::keras
