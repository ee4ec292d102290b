#pragma once

#include <string>

#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/IR/Module.h"

/// Sanitizers see generated code only where it carries their checks. A build with the address or
/// thread sanitizer (LAMINA_SANITIZE) gives all code that is compiled into the process the checks
/// of the same sanitizer; other builds leave it as it is.
namespace lamina::codegen {

/// " with ..." of the sanitizer whose checks code of this build has, or empty.
std::string describeSanitizer();

/// Adds the checks of this build's sanitizer to all functions of a module. The thread sanitizer
/// knows accesses of up to 16 bytes: code for wider vectors passes it unseen.
void addSanitizerChecks(llvm::Module &module);

/// Makes the functions of this build's sanitizer known to a library.
llvm::Error defineSanitizerFunctions(llvm::orc::JITDylib &library);

} // namespace lamina::codegen
