#pragma once

namespace lamina::ir {

/// The role of a variable of the state in the training, whatever its path in the model file.
enum class VariableRole {
  Model,          ///< a weight, or another state of a layer
  OptimizerState, ///< of the optimizer, but none of those that follow
  LearningRate,   ///< the optimizer's, where it is no schedule: a scalar
  Iteration,      ///< steps done: a scalar
  GradientSum,    ///< of gradients over the parts of a batch; zero between steps
};

} // namespace lamina::ir
