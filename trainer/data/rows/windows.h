#pragma once

#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace lamina::trainer {

/// The inputs of a model for one step of a window: where the model takes windows of shape (steps,
/// columns), a row of columns; where it takes them all in one dimension, a part of as many values.
/// `file` is for messages. Throws UserError when the model has several inputs, or one that windows
/// do not fit.
std::vector<codegen::TensorSpec> inputsOfStep(const std::vector<codegen::TensorSpec> &inputs,
                                              const Window &window, const std::string &file);

/// Makes windows of rows in order of time: every `stride` rows begins one, whose steps are the
/// rows from there on, and whose targets and weights are those of the row `horizon` rows after its
/// last one. Its line is that of its last row. Throws UserError when there are too few rows.
Dataset makeWindows(const Dataset &rows, const std::vector<codegen::TensorSpec> &inputs,
                    const Window &window);

} // namespace lamina::trainer
