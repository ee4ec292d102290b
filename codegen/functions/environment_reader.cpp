#include "codegen/functions/environment_reader.h"

#include <cstddef>

#include "runtime/lamina_runtime.h"

namespace lamina::codegen {
namespace {

llvm::Value *loadField(llvm::IRBuilder<> &b, llvm::Type *type, llvm::Value *env, size_t offset) {
  return b.CreateLoad(type, b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), env, offset));
}

llvm::BasicBlock *addBlock(llvm::IRBuilder<> &b, const char *name) {
  return llvm::BasicBlock::Create(b.getContext(), name, b.GetInsertBlock()->getParent());
}

} // namespace

EnvironmentReader::EnvironmentReader(llvm::IRBuilder<> &b, llvm::Value *env) {
  constexpr size_t needed = offsetof(lamina_env, scratch) + sizeof(void *);
  llvm::BasicBlock *start = b.GetInsertBlock(), *given = addBlock(b, "env"),
                   *sized = addBlock(b, "sized"), *known = addBlock(b, "known");
  b.CreateCondBr(b.CreateIsNull(env), known, given);
  b.SetInsertPoint(given);
  llvm::Value *size = loadField(b, b.getInt32Ty(), env, offsetof(lamina_env, struct_size));
  b.CreateCondBr(b.CreateICmpUGE(size, b.getInt32(needed)), sized, known);

  struct Field {
    llvm::Value *&value;
    llvm::Type *type;
    size_t offset;
  };
  const Field fields[] = {{pool, b.getPtrTy(), offsetof(lamina_env, pool)},
                          {parallelFor, b.getPtrTy(), offsetof(lamina_env, parallel_for_slots)},
                          {slots, b.getInt32Ty(), offsetof(lamina_env, slots)},
                          {scratch, b.getPtrTy(), offsetof(lamina_env, scratch)},
                          {scratchBytes, b.getInt64Ty(), offsetof(lamina_env, scratch_bytes)}};
  b.SetInsertPoint(sized);
  for (const Field &field : fields)
    field.value = loadField(b, field.type, env, field.offset);
  b.CreateBr(known);
  b.SetInsertPoint(known);
  for (const Field &field : fields) {
    llvm::PHINode *joined = b.CreatePHI(field.type, 3);
    joined->addIncoming(field.value, sized);
    for (llvm::BasicBlock *without : {start, given})
      joined->addIncoming(llvm::Constant::getNullValue(field.type), without);
    field.value = joined;
  }
}

llvm::Value *emitTakesVersion(llvm::IRBuilder<> &b, llvm::Value *env) {
  constexpr size_t needed = offsetof(lamina_env, minimum_abi_version) + sizeof(uint32_t);
  llvm::Value *own = b.getInt32(LAMINA_ABI_VERSION);
  llvm::Value *version = loadField(b, b.getInt32Ty(), env, offsetof(lamina_env, abi_version));
  llvm::Value *same = b.CreateICmpEQ(version, own);
  llvm::BasicBlock *start = b.GetInsertBlock(), *later = addBlock(b, "later"),
                   *decided = addBlock(b, "decided");
  // Only later versions have the fields that follow for certain.
  b.CreateCondBr(b.CreateICmpUGT(version, own), later, decided);
  b.SetInsertPoint(later);
  llvm::Value *size = loadField(b, b.getInt32Ty(), env, offsetof(lamina_env, struct_size));
  llvm::Value *minimum =
      loadField(b, b.getInt32Ty(), env, offsetof(lamina_env, minimum_abi_version));
  llvm::Value *compatible =
      b.CreateAnd(b.CreateICmpUGE(size, b.getInt32(needed)), b.CreateICmpULE(minimum, own));
  b.CreateBr(decided);
  b.SetInsertPoint(decided);
  llvm::PHINode *takes = b.CreatePHI(b.getInt1Ty(), 2);
  takes->addIncoming(same, start);
  takes->addIncoming(compatible, later);
  return takes;
}

} // namespace lamina::codegen
