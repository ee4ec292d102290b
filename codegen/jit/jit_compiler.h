#pragma once

#include <memory>
#include <vector>

#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/Error.h"

#include "codegen/emit/machine_code.h"
#include "codegen/target/target.h"

namespace lamina::codegen {

/// Compiles modules into this process. Code lives as long as the compiler does.
///
/// Modules see each other's symbols and, from outside, memcpy, memmove and memset alone (the back
/// end may introduce calls of these): generated code needs nothing else, and symbols of the
/// process are not searched. In a build with a sanitizer the code has its checks (sanitizers.h).
/// Not to be used from several threads at once.
class JitCompiler {
public:
  /// The target must be one that runs on this processor. `compileThreads` 0 counts as 1.
  static llvm::Expected<std::unique_ptr<JitCompiler>> create(const TargetSpec &target,
                                                             unsigned compileThreads);
  ~JitCompiler();

  /// Generates code for all modules, in parallel: an object for each, in their order.
  llvm::Expected<std::vector<std::unique_ptr<llvm::MemoryBuffer>>>
  compile(const std::vector<std::unique_ptr<ModuleWithContext>> &modules,
          llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default);

  /// Compiles modules and adds their objects.
  llvm::Error add(std::vector<std::unique_ptr<ModuleWithContext>> modules,
                  llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default);

  /// Adds objects; symbols must be unique. Links happen at lookup, for the objects a symbol needs.
  llvm::Error addObjects(std::vector<std::unique_ptr<llvm::MemoryBuffer>> objects);

  /// The address of a symbol. A missing one, or one that needs a missing one, is an error.
  llvm::Expected<void *> lookup(llvm::StringRef symbol);

  template <typename Function> llvm::Expected<Function *> lookupFunction(llvm::StringRef symbol) {
    llvm::Expected<void *> address = lookup(symbol);
    if (!address)
      return address.takeError();
    return reinterpret_cast<Function *>(*address);
  }

  const TargetSpec &target() const { return target_; }

private:
  JitCompiler(const TargetSpec &target, unsigned compileThreads,
              std::unique_ptr<llvm::orc::ExecutorProcessControl> process);

  TargetSpec target_;
  unsigned compileThreads_;
  std::string linkErrors_; ///< what the session reported besides the errors it returned
  llvm::orc::ExecutionSession session_;
  llvm::orc::ObjectLinkingLayer linker_;
  llvm::orc::JITDylib &library_;
};

} // namespace lamina::codegen
