#pragma once

#include "codegen/kernels/kernel_emitter.h"
#include "llvm/ADT/StringMap.h"

namespace lamina::codegen {

/// A kernel that functions of a module share, named by its contents (nameKernel).
class SharedKernel {
public:
  SharedKernel(const KernelJob &job, const TargetSpec &target);

  const std::string &name() const { return symbol; }
  /// The number of tasks, from the row count.
  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) const {
    return emitter->emitTaskCount(builder, rows);
  }
  /// A measure of the code it becomes: its operations times the size of its tile.
  int64_t codeSize() const { return size; }

  /// Emits it into one module, once. Other modules that use it declare it.
  void emit(llvm::Module &module);
  /// Says that the code is there already, and needs so much scratch memory.
  void adopt(int64_t scratchBytes) {
    scratch = scratchBytes;
    emitted = true;
  }
  bool isEmitted() const { return emitted; }
  /// Scratch memory that it takes once it is emitted, in bytes.
  int64_t scratchBytes() const { return scratch; }

private:
  std::string symbol;
  std::unique_ptr<KernelEmitter> emitter;
  int64_t size, scratch = 0;
  bool emitted = false;
};

/// The kernels of all functions of a module for one target: those with equal code are one. It must
/// live as long as code is emitted that uses them, and the module as long as the library.
class KernelLibrary {
public:
  explicit KernelLibrary(const TargetSpec &target);

  const TargetSpec &target() const { return spec; }
  /// What code depends on besides the kernel: describeCompiler.
  const std::string &compiler() const { return description; }
  /// The kernel with the job's code, new or one that is there: for a job of the level None, which
  /// is compiled quickly, also one that is compiled well.
  SharedKernel &find(KernelJob job);
  size_t size() const { return kernels.size(); }

private:
  TargetSpec spec;
  std::string description;
  llvm::StringMap<std::unique_ptr<SharedKernel>> kernels;
};

} // namespace lamina::codegen
