#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "frontend/files/models/keras_file.h"
#include "mlir/IR/BuiltinOps.h"

namespace lamina::frontend {

/// Where the values of a module's variables are in a file, in the order of the module's variables.
struct WeightBinding {
  /// The file's array, or null: the variable keeps its initial value (no weights in the file, an
  /// optimizer that has not run or is another one, state that Keras does not store).
  std::vector<const Array *> arrays;
  /// Counters and numbers of another width than in the file; `arrays` points here.
  std::deque<Array> converted;
  bool hasWeights = false;        ///< the model's variables come from the file
  bool hasOptimizerState = false; ///< and so do all of the optimizer's
};

/// "optimizer/vars/3", the place of the optimizer's fourth variable.
std::string optimizerPath(size_t index);
bool isOptimizerPath(llvm::StringRef path);

/// Finds the value of each `lamina.variable` of the module in `file` by its path. Throws UserError
/// `FILE: layer 'dense': kernel has shape (64, 128) in the model but (64, 127) in the weights`, or
/// that it is missing. Counters of 32 bits, as Keras on JAX writes them, are widened.
///
/// Optimizer state is all or nothing, as in Keras: where a count or a shape differs from what the
/// optimizer has, all of it starts fresh.
WeightBinding bindWeights(mlir::ModuleOp module, const KerasFile &file);

/// Why the file's optimizer state is not the module's, as a note for the user; empty where it is,
/// or where there is none in the file or no optimizer in the module.
std::string describeLostState(mlir::ModuleOp module, const KerasFile &file);

/// Adds the variables that are stored in the file twice under their second path.
void addCopies(mlir::ModuleOp module, std::map<std::string, Array> &weights);

} // namespace lamina::frontend
