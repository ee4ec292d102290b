#pragma once

#include <string>
#include <vector>

#include "codegen/batch_size.h"
#include "codegen/target/target.h"

/// What a kernel is made from: its body and schedule, where its operands and results are, and what
/// else its code depends on.
namespace lamina::codegen {

/// Where a kernel's operands and results are: base pointers are fields of the call context.
struct KernelArgument {
  ir::MemorySpace space = ir::MemorySpace::arena;
  int64_t offset = 0; ///< bytes, or the index of an argument or result array: the kernel's binding
  ir::PackedAttr packed;
};

/// One kernel and where its operands and results live.
struct KernelJob {
  ir::KernelOp kernel;
  std::vector<KernelArgument> inputs, outputs;
  BatchSize batchSize;
  llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default;
  std::string name; ///< the symbol

  /// A text that two jobs for one target share exactly when one's code serves the other with other
  /// bindings: body, types, layouts, memory spaces, schedule and level. Names of layers, offsets
  /// and estimates of cost are left out, and so is the batch size where the code does not read it.
  std::string key() const;
  /// The offsets of inputs and outputs, in order.
  std::vector<int64_t> bindings() const;
};

/// What else code depends on: a text that two compilations share exactly when equal keys mean equal
/// code. It has the target and the versions of Lamina and LLVM.
std::string describeCompiler(const TargetSpec &target);

/// The symbol of a kernel: its family, and the first 128 bits of BLAKE3 of both texts.
std::string nameKernel(const std::string &compiler, const KernelJob &job);

} // namespace lamina::codegen
