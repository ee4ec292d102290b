#pragma once

#include <string>
#include <vector>

#include "frontend/files/models/keras_file.h"
#include "ir/dialect.h"
#include "mlir/IR/BuiltinOps.h"

/// Optimizer state as Keras 2 stored it, brought to the variables of the module's optimizer.
namespace lamina::frontend {

/// The module's variables below "optimizer/vars/", in order.
std::vector<ir::VariableOp> optimizerVariables(mlir::ModuleOp module);

/// `stored` is what an `.h5` file of the Keras 2 `version` has, in its order; `weightNames` are the
/// names that the file has for the trainable weights, in the model's order. Afterwards the state is
/// in `file.weights`, or a note in `file.notes` says why it is not. Where the order comes from:
/// - from 2.4 on, and in tf.keras: the slots' names (`Adam/dense/kernel/m:0`, from 2.11 on
///   `Adam/m/dense/kernel:0`), within a slot the order of the trainable weights;
/// - 2.0 to 2.3: the position. The iteration (RMSprop, Adagrad and Adadelta have none before 2.3),
///   then slot by slot; before 2.0.6 the weights are sorted by name.
/// The learning rate is the configuration's; Nadam's product of momenta follows from the iteration.
void placeOlderOptimizer(mlir::ModuleOp module, std::vector<NamedArray> stored,
                         const std::string &version, const std::vector<std::string> &weightNames,
                         KerasFile &file);

/// The same for archives of Keras 2, whose state is in the order of Keras 3, but for the learning
/// rate and Nadam's product; SGD has momenta there even without momentum.
void completeOlderState(mlir::ModuleOp module, KerasFile &file);

} // namespace lamina::frontend
