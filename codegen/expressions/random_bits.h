#pragma once

#include "llvm/IR/IRBuilder.h"

namespace lamina::codegen {

/// The first word of Philox 2x32-10 for the counter (counterLow, counterHigh) under `key`: the same
/// bits as lamina::philox2x32. Every argument is an i32 or a fixed vector of i32; scalars are
/// repeated where others are vectors, and the result has the type of the longest.
llvm::Value *emitPhilox(llvm::IRBuilderBase &b, llvm::Value *key, llvm::Value *counterLow,
                        llvm::Value *counterHigh);

} // namespace lamina::codegen
