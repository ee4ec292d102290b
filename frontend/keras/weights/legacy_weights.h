#pragma once

#include <map>
#include <string>

#include "frontend/files/models/keras_file.h"
#include "mlir/IR/BuiltinOps.h"

namespace lamina::frontend {

/// Finds the place of `file.legacyWeights` in the model, whose module this is: afterwards they are
/// `file.weights`. Layers with weights correspond by their order, and so do the weights of each
/// (keras/src/legacy/saving/legacy_h5_format.py). Throws UserError `FILE: layer 'inner' has 6
/// weights in the model but 4 in the file` and the like; shapes are not looked at.
///
/// The optimizer state of Keras 2 is found by the slots' names; its learning rate is the one of the
/// configuration. Where a slot is missing there is no optimizer state. State in a `.keras` archive
/// of Keras 2 gets its learning rate, too. Files of Keras 3 that have paths stay as they are.
void placeLegacyWeights(mlir::ModuleOp module, KerasFile &file);

/// The weights, by path, in the order of legacy files. All of the module's must be there.
LegacyWeights arrangeLegacyWeights(mlir::ModuleOp module, const KerasFile &file,
                                   const std::map<std::string, Array> &weights);

} // namespace lamina::frontend
