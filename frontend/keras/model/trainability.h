#pragma once

#include <string>
#include <vector>

#include "frontend/files/models/keras_file.h"

namespace lamina::frontend {

/// Freezes layers of a model and then makes others trainable, as Keras' `layer.trainable` does:
/// with all layers inside of them, and in `file.config`, so that a file that is written says so
/// too.
///
/// A layer goes by its name, inside of nested models also by its path ("base/conv1"). A range
/// FIRST..LAST has the layers from one to the other in the file's order, both included, where FIRST
/// or LAST may be missing. Throws UserError `FILE: --freeze x: reason` for a layer that the model
/// does not have, for a name that several nested layers have, and for an empty range.
void setTrainability(KerasFile &file, const std::vector<std::string> &frozen,
                     const std::vector<std::string> &unfrozen);

} // namespace lamina::frontend
