#pragma once

#include <optional>
#include <string>
#include <vector>

#include "session/session.h"
#include "trainer/rewind.h"

namespace lamina::session {

/// Where the first value that is not finite arose in a training step: an operation that made it of
/// finite ones, or of infinite constants.
struct Origin {
  enum class Pass { Forward, Backward, Update };
  Pass pass = Pass::Forward;
  std::string layer;     ///< empty where the operation belongs to none
  std::string operation; ///< its name in the IR; empty: the step was given the value
  std::string given;     ///< then what it was given: "variable 'dense/kernel'", "input 'x'"
  std::vector<int64_t> element, shape; ///< the first such element of the result
  double value = 0;
  std::vector<double> operands; ///< the operands' elements, where they have the result's shape
  std::string nanLayer, nanOperation; ///< that made NaN of an infinite value; empty: the first did
  int64_t row = -1; ///< the row of the batch that alone leads there; -1: the batch was needed
};

/// Runs a step in the reference interpreter with every value looked at, and goes back from its
/// loss, its gradients or its new variables to where the first value that is not finite arose.
/// `file` and `options` are those of the training. Nothing where all is finite: the interpreter
/// adds up in another order, which can tell at the edge of the numbers' range. Throws UserError
/// where the step does not fit the model.
std::optional<Origin> findOrigin(const frontend::KerasFile &file, const Options &options,
                                 const trainer::NonFiniteStep &step);

/// "in the forward pass, layer 'log', operation log: element (3, 0) of (64, 10) is -inf, from 0".
std::string describe(const Origin &origin);

} // namespace lamina::session
