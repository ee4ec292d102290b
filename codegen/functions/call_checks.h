#pragma once

#include <cstdint>

#include "llvm/IR/IRBuilder.h"

/// Checks at the start of generated functions that return a status code: each returns the code of
/// lamina_runtime.h where its argument does not fit, and leaves the builder where it does.
namespace lamina::codegen {

void emitReturnUnless(llvm::IRBuilder<> &builder, llvm::Value *holds, int status);
void emitRequireNotNull(llvm::IRBuilder<> &builder, llvm::Value *pointer);
/// State and workspace start at multiples of passes::kBufferAlignment.
void emitRequireAligned(llvm::IRBuilder<> &builder, llvm::Value *pointer);
/// `rows` (i32) is 1 to `batchSize`.
void emitRequireRows(llvm::IRBuilder<> &builder, llvm::Value *rows, int64_t batchSize);

} // namespace lamina::codegen
