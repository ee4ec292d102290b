#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

/// Classes that are refused for what they are, not for want of an entry.
namespace lamina::frontend::keras {

struct RefusedClasses {
  std::vector<llvm::StringLiteral> classNames;
  const char *reason; ///< and what to do instead
};

/// The reason to refuse a class; empty for one that is not among `refused`.
inline std::string adviseOn(llvm::StringRef className, llvm::ArrayRef<RefusedClasses> refused) {
  for (const RefusedClasses &classes : refused)
    if (llvm::is_contained(classes.classNames, className))
      return classes.reason;
  return "";
}

} // namespace lamina::frontend::keras
