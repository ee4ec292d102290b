#pragma once

#include "codegen/functions/environment_reader.h"
#include "codegen/functions/kernel_library.h"
#include "codegen/functions/loop_addresses.h"
#include "codegen/functions/profile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/memory/program.h"

namespace lamina::codegen {

/// Native code of one function of a module after the memory stage: those of its kernels that the
/// module's library does not have yet, one task function per wave, and the entry
///
///     i32 name(ptr env, ptr state, ptr workspace, i32 rows, ptr arguments, ptr results,
///              ptr scratch)
///
/// where `arguments` and `results` are arrays of pointers to what is not a variable, `scratch` is
/// memory of scratchBytes() for tasks of slot 0, and the result is a status code of
/// lamina_runtime.h. Waves run one after another, each as one parallel-for.
class FunctionEmitter {
public:
  /// `name` is the entry's symbol; waves are named after it. Its kernels are in `library`, which
  /// must live as long as this, for the level at which the function will be compiled.
  FunctionEmitter(mlir::func::FuncOp function, std::string name, KernelLibrary &library,
                  llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default);

  /// From here on emits code that tells `profile` what its tasks and waves take; the code has the
  /// profile's address in it and runs in this process only.
  void setProfile(FunctionProfile *profile) { this->profile = profile; }
  /// The wave of every kernel of the function, in the function's order.
  std::vector<size_t> wavesOfKernels() const;

  /// Kernels of the function that no module has yet, each once, in the function's order.
  llvm::SmallVector<SharedKernel *, 0> missingKernels() const;
  /// Emits waves and entry, once all kernels are emitted. Kernels of other modules are declared.
  llvm::Function *emitEntry(llvm::Module &module);
  /// Emits all of the function into one module.
  llvm::Function *emitAll(llvm::Module &module);
  /// The most scratch memory that a kernel of the function takes, in bytes, once all are emitted.
  int64_t scratchBytes() const;

private:
  /// One use of a kernel.
  struct Launch {
    SharedKernel *kernel;
    ir::KernelOp op;
    size_t position;                 ///< among the kernels of the function
    std::vector<int64_t> bindings;   ///< those of the first iterations of loops around it
    std::vector<AddressSteps> steps; ///< of each binding
  };
  struct Wave {
    std::vector<Launch> launches;
    int64_t cost = 0; ///< cycles on one thread
  };
  /// A wave, by its number, or a loop.
  struct Node {
    size_t wave = 0;
    int64_t trips = 0; ///< 0 for a wave
    std::vector<Node> body;
  };

  std::vector<Node> collectKernels(const passes::Sequence &sequence);
  Launch makeLaunch(ir::KernelOp kernel);
  void putLongTasksFirst(Wave &wave) const;
  llvm::Function *emitWave(llvm::Module &module, const Wave &wave, size_t number);
  void emitChecks(llvm::IRBuilder<> &builder, llvm::Function *entry);
  void emitLaunch(llvm::IRBuilder<> &builder, llvm::Function *wave, const Launch &launch,
                  llvm::Value *task, llvm::Value *scratch);
  void emitRequireScratch(llvm::IRBuilder<> &builder, const EnvironmentReader &env);
  void emitRunWave(llvm::IRBuilder<> &builder, const EnvironmentReader &env, const Wave &wave,
                   llvm::Function *waveFunction, llvm::Value *context, llvm::Value *rows);
  /// What the code of an entry reads.
  struct EntryValues {
    const EnvironmentReader &env;
    llvm::Value *context, *rows, *iterations;
    llvm::ArrayRef<llvm::Function *> waveFunctions;
  };
  /// Runs `nodes`, which are the body of a loop that `depth` - 1 others are around, or the
  /// function.
  void emitNodes(llvm::IRBuilder<> &builder, const EntryValues &entry, llvm::ArrayRef<Node> nodes,
                 size_t depth);

  /// The clock's value at the insertion point; null without a profile.
  llvm::Value *emitClock(llvm::IRBuilder<> &builder);
  /// Tells the profile that task or wave `number`, which began at `begin`, is done.
  void emitReport(llvm::IRBuilder<> &builder, void (*report)(FunctionProfile *, uint32_t, int64_t),
                  size_t number, llvm::Value *begin);

  FunctionProfile *profile = nullptr;
  mlir::func::FuncOp function;
  std::string name;
  KernelLibrary &library;
  llvm::CodeGenOptLevel level;
  int64_t batchSize, arenaBytes;
  std::vector<Wave> waves;
  std::vector<Node> program;
  size_t launchCount = 0, mostLoops = 0; ///< loops: most around one kernel
};

} // namespace lamina::codegen
