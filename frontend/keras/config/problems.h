#pragma once

#include <string>
#include <vector>

#include "support/error.h"

namespace lamina::frontend::keras {

/// Runs `step`. With `problems` given, its UserError becomes one of them, and the result is false.
template <typename Step> bool attempt(std::vector<std::string> *problems, Step step) {
  if (!problems) {
    step();
    return true;
  }
  try {
    step();
    return true;
  } catch (const UserError &error) {
    problems->push_back(error.what());
    return false;
  }
}

} // namespace lamina::frontend::keras
