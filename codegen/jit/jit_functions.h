#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "codegen/functions/kernel_library.h"
#include "codegen/functions/profile.h"
#include "codegen/jit/jit_compiler.h"
#include "codegen/jit/kernel_cache.h"
#include "codegen/target/target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/lamina_runtime.h"
#include "llvm/ADT/StringMap.h"

namespace lamina::codegen {

class JitFunctions;

/// A function of a module, compiled into this process when it is first called.
class JitFunction {
public:
  /// `arguments` and `results` point at what is not a variable, in the function's order; the result
  /// is a status code of lamina_runtime.h. Scratch memory of slot 0 belongs to the calling thread
  /// and is kept between calls. Safe to call from several threads. Throws UserError when code
  /// generation fails.
  int operator()(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                 const void *const *arguments, void *const *results) const;
  /// Compiles the function unless that has been done.
  void compile() const;

private:
  friend class JitFunctions;
  using Entry = int(const lamina_env *env, void *state, void *workspace, uint32_t rows,
                    const void *const *arguments, void *const *results, void *scratch);

  const JitFunctions *owner = nullptr;
  mlir::func::FuncOp source;
  // Written once, before `entry`, which others see without the owner's mutex.
  mutable size_t scratchBytes = 0; ///< of each slot
  mutable std::unique_ptr<FunctionProfile> profile;
  mutable std::atomic<Entry *> entry = nullptr; ///< null: not yet compiled
};

/// The functions of a module of the memory stage, each emitted and compiled into this process when
/// it is first called, with those of its kernels that no function before it has. The module must
/// live as long as this and stay as it is; nobody else may work in its MLIR context while one is
/// compiled, unless the context allows several threads.
class JitFunctions {
public:
  /// Throws UserError when the back end refuses the target. With `profiled` the functions report
  /// the time of every kernel.
  JitFunctions(mlir::ModuleOp module, const TargetSpec &target, unsigned compileThreads,
               bool profiled = false);
  ~JitFunctions();

  bool contains(llvm::StringRef name) const { return functions.contains(name); }

  /// The function, which lives as long as this. Throws UserError when there is none of that name.
  const JitFunction &find(llvm::StringRef name) const;

  /// The profile of a function; null unless `profiled` and compiled.
  FunctionProfile *profile(llvm::StringRef name) const;

private:
  friend class JitFunction;

  using Objects = std::vector<std::unique_ptr<llvm::MemoryBuffer>>;

  void compile(const JitFunction &function) const;
  Objects makeObjects(const JitFunction &function) const;

  bool profiled;
  mutable std::mutex mutex;      ///< held while a function is compiled
  mutable KernelLibrary library; ///< of all functions: each kernel is compiled once
  llvm::StringMap<JitFunction> functions;
  std::unique_ptr<JitCompiler> jit;
  mutable KernelCache cache;
};

} // namespace lamina::codegen
