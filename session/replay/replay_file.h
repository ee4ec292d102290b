#pragma once

#include <string>

#include "session/options.h"
#include "trainer/rewind.h"

namespace lamina::session {

/// A step of a training, to be run again on any machine: a .npz archive of data alone, in which
/// nothing is executed. Members: "meta" (JSON text: the model's configuration, what `compile` and
/// the command line said, the place of the step), "variables/N" as in "meta", and the batch as
/// "x0", "y0", "w0", ...
struct Replay {
  frontend::KerasFile file; ///< the model, without weights
  Options options;
  trainer::NonFiniteStep step;
  std::string finding;   ///< the error that ended the training
  std::string processor; ///< instruction set that it ran with: others round otherwise
};

/// Writes it. Throws UserError `cannot write PATH: reason`.
void writeReplay(const std::string &path, const Replay &replay,
                 const codegen::Signature &signature);

/// Reads it. Throws UserError `PATH: reason`, also where its arrays do not fit its model.
Replay readReplay(const std::string &path);

} // namespace lamina::session
