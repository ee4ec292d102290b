#pragma once

#include <map>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace lamina::trainer {

/// The tensors of a model before the data are known. -1 in shapes stands for the rows and, behind
/// them, for dimensions that the model's file leaves open.
struct DeclaredTensors {
  std::vector<codegen::TensorSpec> inputs;
  /// Of the outputs with a loss. Rows that follow from the model have no dimensions here.
  std::vector<codegen::TensorSpec> targets;
  std::vector<std::string> outputs; ///< all of the model's
  frontend::LookupPlan lookups;     ///< how the inputs follow from data
};

/// Shapes of rows, by the names of inputs and of outputs.
struct RowShapes {
  std::map<std::string, std::vector<int64_t>> inputs, targets;
};

/// The shapes of those inputs and targets that have open dimensions, as the file's arrays have
/// them. In a table the columns that are no targets fill the one open dimension of an only input,
/// and target columns that were named that of an only target. Nothing where the file does not say
/// it. Where texts are looked up the longest one says it. Throws UserError where an array or the
/// number of columns does not fit what is known.
RowShapes findOpenShapes(DataFile &file, const DeclaredTensors &model, const BindOptions &options);

} // namespace lamina::trainer
