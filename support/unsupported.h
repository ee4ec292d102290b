#pragma once

#include "support/error.h"

namespace lamina {

/// What is asked for is well-formed, but Lamina does not do it: a class, an operation or a setting.
class UnsupportedError : public UserError {
public:
  using UserError::UserError;
};

} // namespace lamina
