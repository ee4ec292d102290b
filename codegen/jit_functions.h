#pragma once

#include <mutex>

#include "codegen/jit_compiler.h"
#include "codegen/profile.h"
#include "codegen/target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/lamina_runtime.h"
#include "llvm/ADT/StringMap.h"

namespace lamina::codegen {

/// A function compiled into this process.
class JitFunction {
public:
  /// `arguments` and `results` point at what is not a variable, in the function's order; the result
  /// is a status code of lamina_runtime.h. Scratch memory of slot 0 belongs to the calling thread
  /// and is kept between calls.
  int operator()(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                 const void *const *arguments, void *const *results) const;
  /// Bytes of scratch memory of each slot.
  size_t scratchBytes() const { return scratchBytes_; }

private:
  friend class JitFunctions;
  using Entry = int(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                    const void *const *arguments, void *const *results, void *scratch);

  Entry *entry_ = nullptr; ///< null: not yet compiled
  size_t scratchBytes_ = 0;
};

/// The functions of a module of the memory stage, each emitted and compiled into this process when
/// it is first asked for. The module must live as long as this and stay as it is; nobody else may
/// work in its MLIR context while `get` runs, unless the context allows several threads.
class JitFunctions {
public:
  /// Throws UserError when the back end refuses the target. With `profiled` the functions report
  /// the time of every kernel.
  JitFunctions(mlir::ModuleOp module, const TargetSpec &target, unsigned compileThreads,
               bool profiled = false);
  ~JitFunctions();

  bool contains(llvm::StringRef name) const { return functions.contains(name); }

  /// The native function, which lives as long as this. Compiles it unless that has been done; safe
  /// to call from several threads. Throws UserError when there is no such function or code
  /// generation fails.
  const JitFunction &get(llvm::StringRef name) const;

  /// What a function reports; null unless `profiled` and compiled.
  FunctionProfile *profile(llvm::StringRef name) const;

private:
  struct Function {
    mlir::func::FuncOp source;
    JitFunction native;
    std::unique_ptr<FunctionProfile> profile;
  };

  std::vector<std::unique_ptr<ModuleWithContext>> emit(Function &function) const;

  TargetSpec target;
  unsigned compileThreads;
  bool profiled;
  mutable std::mutex mutex;
  mutable llvm::StringMap<Function> functions;
  std::unique_ptr<JitCompiler> jit;
};

} // namespace lamina::codegen
