#include "codegen/emit/loops.h"

namespace lamina::codegen {

llvm::Constant *maskOfFirst(llvm::IRBuilder<> &builder, int64_t lanes, int64_t count) {
  llvm::SmallVector<llvm::Constant *> bits;
  for (int64_t lane = 0; lane < lanes; ++lane)
    bits.push_back(builder.getInt1(lane < count));
  return llvm::ConstantVector::get(bits);
}

llvm::GlobalVariable *addConstant(llvm::Module &module, llvm::Constant *data,
                                  llvm::StringRef name) {
  return new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true,
                                  llvm::GlobalValue::PrivateLinkage, data, name);
}

std::optional<int64_t> constantOf(llvm::Value *value) {
  if (auto *constant = llvm::dyn_cast<llvm::ConstantInt>(value))
    return constant->getSExtValue();
  return std::nullopt;
}

llvm::Value *emitSmaller(llvm::IRBuilder<> &builder, llvm::Value *a, llvm::Value *b) {
  auto x = constantOf(a), y = constantOf(b);
  if (x && y)
    return *x < *y ? a : b;
  return builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, a, b);
}

llvm::Value *emitCeilDivide(llvm::IRBuilder<> &builder, llvm::Value *value, int64_t part) {
  return builder.CreateUDiv(builder.CreateAdd(value, builder.getInt64(part - 1)),
                            builder.getInt64(part));
}

llvm::Value *takePart(llvm::IRBuilder<> &builder, llvm::Value *&number, llvm::Value *count) {
  llvm::Value *part = builder.CreateURem(number, count);
  number = builder.CreateUDiv(number, count);
  return part;
}

Values emitLoop(llvm::IRBuilder<> &builder, llvm::Value *begin, llvm::Value *end, int64_t step,
                const Values &initial,
                const std::function<Values(llvm::Value *, const Values &)> &body) {
  if (auto first = constantOf(begin), last = constantOf(end); first && last) {
    if (*first >= *last)
      return initial;
    if (*first + step >= *last)
      return body(begin, initial);
  }
  llvm::LLVMContext &context = builder.getContext();
  llvm::Function *function = builder.GetInsertBlock()->getParent();
  llvm::BasicBlock *before = builder.GetInsertBlock();
  auto *loop = llvm::BasicBlock::Create(context, "loop", function);
  auto *after = llvm::BasicBlock::Create(context, "after", function);
  builder.CreateCondBr(builder.CreateICmpSLT(begin, end), loop, after);

  builder.SetInsertPoint(loop);
  llvm::PHINode *index = builder.CreatePHI(builder.getInt64Ty(), 2, "i");
  index->addIncoming(begin, before);
  Values carried;
  for (llvm::Value *value : initial) {
    llvm::PHINode *phi = builder.CreatePHI(value->getType(), 2);
    phi->addIncoming(value, before);
    carried.push_back(phi);
  }
  Values next = body(index, carried);
  llvm::BasicBlock *latch = builder.GetInsertBlock();
  llvm::Value *advanced = builder.CreateNSWAdd(index, builder.getInt64(step));
  index->addIncoming(advanced, latch);
  for (auto [phi, value] : llvm::zip(carried, next))
    llvm::cast<llvm::PHINode>(phi)->addIncoming(value, latch);
  builder.CreateCondBr(builder.CreateICmpSLT(advanced, end), loop, after);

  builder.SetInsertPoint(after);
  Values results;
  for (auto [first, value] : llvm::zip(initial, next)) {
    llvm::PHINode *phi = builder.CreatePHI(first->getType(), 2);
    phi->addIncoming(first, before);
    phi->addIncoming(value, latch);
    results.push_back(phi);
  }
  return results;
}

void emitLoop(llvm::IRBuilder<> &builder, llvm::Value *begin, llvm::Value *end, int64_t step,
              const std::function<void(llvm::Value *)> &body) {
  emitLoop(builder, begin, end, step, {}, [&](llvm::Value *index, const Values &) {
    body(index);
    return Values{};
  });
}

void emitIf(llvm::IRBuilder<> &builder, llvm::Value *condition, const std::function<void()> &then,
            const std::function<void()> &otherwise) {
  if (auto known = llvm::dyn_cast<llvm::ConstantInt>(condition)) {
    if (known->isOne() && then)
      then();
    if (known->isZero() && otherwise)
      otherwise();
    return;
  }
  llvm::LLVMContext &context = builder.getContext();
  llvm::Function *function = builder.GetInsertBlock()->getParent();
  auto *thenBlock = llvm::BasicBlock::Create(context, "then", function);
  auto *elseBlock = llvm::BasicBlock::Create(context, "else", function);
  auto *after = llvm::BasicBlock::Create(context, "endif", function);
  builder.CreateCondBr(condition, thenBlock, elseBlock);
  builder.SetInsertPoint(thenBlock);
  if (then)
    then();
  builder.CreateBr(after);
  builder.SetInsertPoint(elseBlock);
  if (otherwise)
    otherwise();
  builder.CreateBr(after);
  builder.SetInsertPoint(after);
}

void emitTiles(llvm::IRBuilder<> &builder, llvm::Value *begin, llvm::Value *end, int64_t extent,
               int64_t tile, const std::function<void(llvm::Value *, int64_t)> &body) {
  int64_t left = extent % tile;
  if (extent >= tile)
    emitLoop(builder, begin, emitSmaller(builder, end, builder.getInt64(extent - left)), tile,
             [&](llvm::Value *start) { body(start, tile); });
  if (left > 0)
    emitIf(builder, builder.CreateICmpEQ(end, builder.getInt64(extent)),
           [&] { body(builder.getInt64(extent - left), left); });
}

} // namespace lamina::codegen
