#pragma once

#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"

namespace lamina::codegen {

/// `i32 lamina.cpu_level()`, added to the module unless it is there: the level of x86-64 that this
/// processor and its operating system support, as TargetSpec::level counts: 1 (baseline), 3 (all
/// that x86-64-v3 has) or 4 (all that x86-64-v4 has). It asks cpuid once and remembers the answer
/// in a variable of the module; it needs no library, may be called from any thread, and runs on
/// every x86-64 processor whatever the module is compiled for.
llvm::Function *emitCpuLevel(llvm::Module &module);

/// A function compiled for processors of a level and up.
struct FunctionVariant {
  unsigned level;
  llvm::Function *function;
};

/// The external function `name`, which passes its arguments on to the variant of the highest level
/// that the processor has and returns its result. All variants have one type, returning i32; where
/// no variant fits, the function returns `unsupportedStatus`.
llvm::Function *emitDispatcher(llvm::Module &module, llvm::StringRef name,
                               std::vector<FunctionVariant> variants, int unsupportedStatus);

} // namespace lamina::codegen
