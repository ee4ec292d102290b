#pragma once

#include <mutex>

#include "codegen/jit_compiler.h"
#include "codegen/target.h"
#include "mlir/IR/BuiltinOps.h"
#include "runtime/lamina_runtime.h"
#include "llvm/ADT/StringMap.h"

namespace lamina::codegen {

/// The functions of a module of the memory stage, compiled into this process when they are first
/// called. The module is not needed any more once this is made.
class JitFunctions {
public:
  /// `arguments` and `results` point at what is not a variable, in the function's order; the result
  /// is a status code of lamina_runtime.h.
  using Entry = int(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                    const void *const *arguments, void *const *results);

  /// Throws UserError when the back end refuses the target.
  JitFunctions(mlir::ModuleOp module, const TargetSpec &target, unsigned compileThreads);
  ~JitFunctions();

  bool contains(llvm::StringRef name) const { return functions.contains(name); }

  /// The native function. Compiles it unless that has been done; safe to call from several threads.
  /// Throws UserError when there is no such function or code generation fails.
  Entry *get(llvm::StringRef name) const;

private:
  struct Function {
    std::vector<std::unique_ptr<ModuleWithContext>> modules; ///< not yet compiled
    Entry *entry = nullptr;
  };

  mutable std::mutex mutex;
  mutable llvm::StringMap<Function> functions;
  std::unique_ptr<JitCompiler> jit;
};

} // namespace lamina::codegen
