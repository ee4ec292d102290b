#include "vector_function.h"

namespace lamina::codegen {

std::vector<TargetSpec> testedTargets() {
  std::vector<TargetSpec> result{hostTarget()};
  if (hostTarget().level >= 3)
    result.push_back(targetFromName("x86-64"));
  return result;
}

void addLoop(llvm::Module &module, const TargetSpec &target, const std::string &name, bool isDouble,
             const VectorEmitter &emit, unsigned lanes) {
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> b(context);
  llvm::Type *element = isDouble ? b.getDoubleTy() : b.getFloatTy();
  unsigned bytes = isDouble ? 8 : 4;
  llvm::Type *vector =
      llvm::FixedVectorType::get(element, lanes ? lanes : target.vectorLanes(bytes));
  llvm::Type *pointer = b.getPtrTy();
  auto *type =
      llvm::FunctionType::get(b.getVoidTy(), {pointer, pointer, pointer, b.getInt64Ty()}, false);
  auto *function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
  setTargetAttributes(*function, target);
  auto *entry = llvm::BasicBlock::Create(context, "entry", function);
  auto *body = llvm::BasicBlock::Create(context, "body", function);
  auto *exit = llvm::BasicBlock::Create(context, "exit", function);
  b.SetInsertPoint(entry);
  b.CreateBr(body);
  b.SetInsertPoint(body);
  auto *index = b.CreatePHI(b.getInt64Ty(), 2);
  auto load = [&](unsigned argument) {
    llvm::Value *from = b.CreateGEP(vector, function->getArg(argument), index);
    return b.CreateAlignedLoad(vector, from, llvm::Align(bytes));
  };
  llvm::Value *y = emit(b, MathContext(target), load(0), load(1));
  b.CreateAlignedStore(y, b.CreateGEP(vector, function->getArg(2), index), llvm::Align(bytes));
  llvm::Value *next = b.CreateAdd(index, b.getInt64(1));
  index->addIncoming(b.getInt64(0), entry);
  index->addIncoming(next, body);
  b.CreateCondBr(b.CreateICmpULT(next, function->getArg(3)), body, exit);
  b.SetInsertPoint(exit);
  b.CreateRetVoid();
}

} // namespace lamina::codegen
