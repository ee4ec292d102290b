#pragma once

#include <memory>
#include <vector>

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include "codegen/target/target.h"

namespace lamina::codegen {

/// A module that owns the context it lives in, so that it can be compiled on any thread.
struct ModuleWithContext {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module; // after the context: destroyed before it

  /// An empty module for the target: triple and data layout are set.
  static std::unique_ptr<ModuleWithContext> create(llvm::StringRef name, const TargetSpec &target);

  /// A module read from LLVM IR text. The error tells line and reason.
  static llvm::Expected<std::unique_ptr<ModuleWithContext>> parse(llvm::StringRef text,
                                                                  const TargetSpec &target);
};

/// Generates an ELF object or assembly text. Only code generation runs (no middle-end pipeline):
/// the module is expected to be in its final loop form. A module that does not verify, and whatever
/// the back end refuses, is an error. The module is consumed: its IR is changed on the way.
llvm::Expected<llvm::SmallVector<char, 0>>
generateCode(llvm::Module &module, llvm::TargetMachine &machine, llvm::CodeGenFileType kind);

/// Objects of all modules, in their order, made by up to `threads` threads, each with a target
/// machine of its own. The first error of the lowest-numbered module is returned. `level` trades
/// the code's speed for the time that making it takes; it does not change what the code computes.
llvm::Expected<std::vector<std::unique_ptr<llvm::MemoryBuffer>>>
compileObjects(const std::vector<std::unique_ptr<ModuleWithContext>> &modules,
               const TargetSpec &target, unsigned threads,
               llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default);

} // namespace lamina::codegen
