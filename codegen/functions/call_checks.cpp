#include "codegen/functions/call_checks.h"

#include "passes/memory/plan.h"
#include "runtime/lamina_runtime.h"

namespace lamina::codegen {

void emitReturnUnless(llvm::IRBuilder<> &b, llvm::Value *holds, int status) {
  llvm::Function *function = b.GetInsertBlock()->getParent();
  auto *refuse = llvm::BasicBlock::Create(b.getContext(), "refuse", function);
  auto *proceed = llvm::BasicBlock::Create(b.getContext(), "proceed", function);
  b.CreateCondBr(holds, proceed, refuse);
  b.SetInsertPoint(refuse);
  b.CreateRet(b.getInt32(status));
  b.SetInsertPoint(proceed);
}

void emitRequireNotNull(llvm::IRBuilder<> &b, llvm::Value *pointer) {
  emitReturnUnless(b, b.CreateIsNotNull(pointer), LAMINA_ERROR_NULL);
}

void emitRequireAligned(llvm::IRBuilder<> &b, llvm::Value *pointer) {
  llvm::Value *address = b.CreatePtrToInt(pointer, b.getInt64Ty());
  llvm::Value *low = b.CreateAnd(address, b.getInt64(passes::kBufferAlignment - 1));
  emitReturnUnless(b, b.CreateICmpEQ(low, b.getInt64(0)), LAMINA_ERROR_ALIGNMENT);
}

void emitRequireRows(llvm::IRBuilder<> &b, llvm::Value *rows, int64_t batchSize) {
  llvm::Value *lessOne = b.CreateSub(rows, b.getInt32(1)); // 0 becomes the largest number
  emitReturnUnless(b, b.CreateICmpULT(lessOne, b.getInt32(batchSize)), LAMINA_ERROR_ROWS);
}

} // namespace lamina::codegen
