#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace lamina::codegen {

/// A static library of an object and the runtime, so that programs link with nothing else but
/// POSIX threads. `memberName` names the object in it.
llvm::Expected<llvm::SmallVector<char, 0>> archiveWithRuntime(llvm::ArrayRef<char> object,
                                                              llvm::StringRef memberName);

} // namespace lamina::codegen
