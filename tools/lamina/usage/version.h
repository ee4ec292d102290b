#pragma once

#include <string>

namespace lamina::tools {

/// "0.2.0"
std::string versionNumber();

/// The processor that code is generated for, and its instruction set.
std::string processorText();

/// Lines for people: of Lamina, of LLVM, of the processor that code is generated for.
std::string versionText();

} // namespace lamina::tools
