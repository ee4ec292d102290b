#pragma once

#include <functional>

#include "llvm/IR/IRBuilder.h"

/// Counted loops, conditionals and constants in LLVM IR. The builder ends up behind what is
/// emitted.
namespace lamina::codegen {

using Values = llvm::SmallVector<llvm::Value *, 8>;

/// for (i = begin; i < end; i += step) carried = body(i, carried). Signed 64-bit; returns what is
/// carried out. A loop whose trip count is known to be 0 or 1 is not emitted as one.
Values emitLoop(llvm::IRBuilder<> &builder, llvm::Value *begin, llvm::Value *end, int64_t step,
                const Values &initial,
                const std::function<Values(llvm::Value *index, const Values &carried)> &body);

/// The same without carried values.
void emitLoop(llvm::IRBuilder<> &builder, llvm::Value *begin, llvm::Value *end, int64_t step,
              const std::function<void(llvm::Value *index)> &body);

/// Cuts [begin, end) of a dimension with `extent` elements into tiles of `tile`, the last one of
/// the dimension into what is left: body(start, number of elements). `begin` is a multiple of
/// `tile`, and so is `end` unless it is the extent.
void emitTiles(llvm::IRBuilder<> &builder, llvm::Value *begin, llvm::Value *end, int64_t extent,
               int64_t tile, const std::function<void(llvm::Value *start, int64_t count)> &body);

/// if (condition) then(); else otherwise(); either may be empty.
void emitIf(llvm::IRBuilder<> &builder, llvm::Value *condition, const std::function<void()> &then,
            const std::function<void()> &otherwise = {});

/// How many parts of `part` cover a number that is not negative.
llvm::Value *emitCeilDivide(llvm::IRBuilder<> &builder, llvm::Value *value, int64_t part);

/// Takes the fastest varying digit, one of `count` values, off a number that stands for several.
llvm::Value *takePart(llvm::IRBuilder<> &builder, llvm::Value *&number, llvm::Value *count);

/// The smaller of two signed numbers, folded where both are constants.
llvm::Value *emitSmaller(llvm::IRBuilder<> &builder, llvm::Value *a, llvm::Value *b);

/// A vector of i1 of which the first `count` lanes are set, at most all.
llvm::Constant *maskOfFirst(llvm::IRBuilder<> &builder, int64_t lanes, int64_t count);

/// A table that nothing outside of the module sees.
llvm::GlobalVariable *addConstant(llvm::Module &module, llvm::Constant *data, llvm::StringRef name);

/// The value of a constant, nothing otherwise.
std::optional<int64_t> constantOf(llvm::Value *value);

} // namespace lamina::codegen
