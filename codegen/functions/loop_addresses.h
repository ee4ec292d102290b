#pragma once

#include <vector>

#include "ir/dialect.h"
#include "passes/memory/plan.h"
#include "llvm/IR/IRBuilder.h"

/// Where the operands and results of kernels are in the bodies of loops: their offsets, which
/// kernels get as a table of bindings, move with the iterations.
namespace lamina::codegen {

/// How an address moves with the iterations of a loop around its kernel: by `bytes` times the
/// number of the iteration, of which only the remainder by `modulus` counts unless that is 0.
struct AddressStep {
  size_t depth = 0; ///< of the loop; 0 is the outermost one
  int64_t bytes = 0, modulus = 0;
};
using AddressSteps = std::vector<AddressStep>;

/// How many loops are around `loop`.
size_t loopDepthOf(ir::ScanOp loop);
AddressSteps addressStepsOf(const passes::MemoryLocation &location);

/// A table of the offsets `bindings`, those of the first iterations, moved by `steps`: a constant,
/// or in a loop one on the stack. `context` is the call's.
llvm::Value *emitBindings(llvm::IRBuilder<> &builder, llvm::ArrayRef<int64_t> bindings,
                          llvm::ArrayRef<AddressSteps> steps, llvm::Value *context);

} // namespace lamina::codegen
