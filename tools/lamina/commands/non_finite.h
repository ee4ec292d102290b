#pragma once

#include <string>

#include "session/session.h"
#include "trainer/rewind.h"

namespace lamina::tools {

/// What is known about a training that is not finite any more.
struct NonFiniteContext {
  std::string replay;     ///< where the step is to be kept; empty: nowhere
  std::string checkpoint; ///< the folder of its checkpoints; empty: none
  bool isCached = false;  ///< frozen layers are not part of the step
};

/// Finds where the first value arose that is not finite, keeps the step, and throws UserError with
/// all of it in one line.
[[noreturn]] void explainNonFinite(session::Session &session, const trainer::NonFiniteError &error,
                                   const NonFiniteContext &context);

} // namespace lamina::tools
