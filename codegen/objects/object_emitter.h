#pragma once

#include <string>

#include "llvm/Support/Error.h"

#include "codegen/emit/machine_code.h"
#include "codegen/target/target.h"

namespace lamina::codegen {

enum class OutputKind {
  Object,        ///< one relocatable ELF object
  Assembly,      ///< its text
  StaticLibrary, ///< an archive with the object as its only member, NAME.o
  SharedLibrary, ///< linked by the system's C compiler
};

/// Compiles the module, which is consumed, and writes the file; nothing is left behind on failure,
/// and an existing file is replaced only by a complete one. Functions without target attributes of
/// their own are compiled for `target`.
///
/// Errors: what the back end refuses; "cannot write PATH: reason"; for a shared library, a missing
/// C compiler or what the linker says.
llvm::Error emitFile(llvm::Module &module, const TargetSpec &target, OutputKind kind,
                     const std::string &path);

/// The bytes of the file for every kind but SharedLibrary. `memberName` names the archive's member.
llvm::Expected<llvm::SmallVector<char, 0>> emitBytes(llvm::Module &module, const TargetSpec &target,
                                                     OutputKind kind,
                                                     const std::string &memberName);

} // namespace lamina::codegen
