#pragma once

#include <string>
#include <vector>

#include "codegen/compiled_model.h"

/// How arrays of a file are found for the inputs and targets of a model.
namespace lamina::trainer {

/// The place of each target's output among the model's outputs, which may have no loss and so no
/// target.
std::vector<size_t> outputPlaces(const std::vector<codegen::TensorSpec> &targets,
                                 const std::vector<std::string> &outputs);

/// The names that the array of the tensor may have, best first: its own, the letter with
/// its number, and the letter alone for an only one.
std::vector<std::string> acceptedNames(const codegen::TensorSpec &spec, size_t place, bool isOnly,
                                       char letter);

/// "(28, 28)" of an array whose first dimension is the rows.
std::string rowShape(const std::vector<int64_t> &shape);

} // namespace lamina::trainer
