#pragma once

#include "llvm/IR/IRBuilder.h"

/// Scratch memory: what a kernel's tasks keep while they run. Every thread has some, so that tasks
/// take little of its stack, whoever made the thread. How much follows from the kernels: each says
/// what it takes, and the largest need is what a function requires of its callers.
namespace lamina::codegen {

/// Scratch memory for `count` elements, at the beginning of a cache line, in the kernel of
/// the insertion point. Its contents are what an earlier task left.
llvm::Value *allocateScratch(llvm::IRBuilder<> &builder, llvm::Type *element, int64_t count);

/// Bytes of scratch memory that a kernel's tasks take: those of all calls of allocateScratch.
int64_t getScratchBytes(const llvm::Function &kernel);

} // namespace lamina::codegen
