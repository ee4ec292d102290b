#pragma once

#include "llvm/IR/IRBuilder.h"

namespace lamina::codegen {

/// What compiled functions take from their lamina_env (runtime/lamina_runtime.h), read once. Where
/// the environment is null or ends before these fields, all are zero: one thread.
class EnvironmentReader {
public:
  /// Reads `env` at the insertion point, which ends in a new block.
  EnvironmentReader(llvm::IRBuilder<> &builder, llvm::Value *env);

  llvm::Value *pool, *parallelFor; ///< pointers
  llvm::Value *slots;              ///< i32
  llvm::Value *scratch;            ///< pointer: of the slots from 1 on
  llvm::Value *scratchBytes;       ///< i64: of each of them
};

/// Whether a function of this version takes the environment, which is not null, as an i1; ends in a
/// new block.
llvm::Value *emitTakesVersion(llvm::IRBuilder<> &builder, llvm::Value *env);

} // namespace lamina::codegen
