#pragma once

#include <string>

#include "support/error.h"
#include "support/output.h"

namespace lamina::trainer {

/// A file beside a training that could not be written: a log, a checkpoint. It does not end the
/// training, whose model can still be saved; it is told at once, and is an error once the model is
/// written.
class WriteFailure {
public:
  /// Calls `write`. A UserError is told as a warning, each reason once, and kept until a later
  /// attempt succeeds.
  template <typename Write> void attempt(Write write) {
    try {
      write();
      message_.clear();
    } catch (const UserError &error) {
      if (message_ != error.what())
        note("warning: {}; the training goes on\n", error.what());
      message_ = error.what();
    }
  }

  /// Throws the failure that is left, if one is.
  void raise() const {
    if (!message_.empty())
      throw UserError(message_);
  }

private:
  std::string message_;
};

} // namespace lamina::trainer
