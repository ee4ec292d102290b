#pragma once

#include "trainer/data/dataset.h"

/// What stands between a file's values and the inputs of a model with lookups.
namespace lamina::trainer {

/// The inputs that a file has to give: those of the lookups' plan, or the model's own.
std::vector<codegen::TensorSpec> givenInputs(const std::vector<codegen::TensorSpec> &inputs,
                                             const BindOptions &options);

/// BindOptions::inputEntries of these.
std::vector<int64_t> givenEntries(const BindOptions &options);

/// The model's inputs from the columns that a file gave, one for each of givenInputs. `data` says
/// where rows are. Throws UserError.
std::vector<frontend::Array> lookUp(std::vector<frontend::Column> columns, const Dataset &data,
                                    const BindOptions &options);

} // namespace lamina::trainer
