#pragma once

#include <string>

#include "codegen/objects/aot_interface.h"

namespace lamina::codegen {

/// The header of a compiled object: plain C11 that C++ takes too, and complete without the
/// runtime's header, whose definitions it repeats between the same guards.
std::string makeCHeader(const CInterface &interface);

} // namespace lamina::codegen
