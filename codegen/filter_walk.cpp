#include "codegen/filter_walk.h"

#include "llvm/IR/Module.h"

namespace lamina::codegen {

/// Where the input is dilated, positions count its elements, otherwise the gradient's: either way
/// one step is one element of the one and a constant number of the other.
StretchTable::StretchTable(llvm::Module &module, const ir::WindowAxis &axis) {
  bool overInput = axis.inputDilation != 1;
  ir::WindowAxis walk = overInput ? axis.transposed() : axis;
  ir::WindowPhase phase = walk.phases().front(); // the walked side is not dilated: the only one
  positions = walk.output;
  (overInput ? gradientStep : inputStep) = phase.inputStep;
  llvm::SmallVector<int64_t> entries(axis.window * 4, 0);
  for (const ir::WindowTap &tap : phase.taps) {
    int64_t other = tap.begin * phase.inputStep + tap.offset;
    int64_t *entry = &entries[tap.position * 4];
    entry[0] = tap.begin;
    entry[1] = overInput ? tap.begin : other;
    entry[2] = overInput ? other : tap.begin;
    entry[3] = tap.end - tap.begin;
  }
  llvm::Constant *data = llvm::ConstantDataArray::get(module.getContext(), entries);
  table = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true,
                                   llvm::GlobalValue::PrivateLinkage, data, "stretches");
}

static llvm::Value *loadField(llvm::IRBuilder<> &builder, llvm::GlobalVariable *table,
                              llvm::Value *position, int64_t field) {
  llvm::Type *word = builder.getInt64Ty();
  llvm::Value *index = builder.CreateAdd(builder.CreateShl(position, 2), builder.getInt64(field));
  return builder.CreateLoad(word, builder.CreateInBoundsGEP(word, table, index));
}

TapStretch StretchTable::load(llvm::IRBuilder<> &builder, llvm::Value *position) const {
  return {loadField(builder, table, position, 1), loadField(builder, table, position, 2),
          loadField(builder, table, position, 3)};
}

TapStretch StretchTable::loadPart(llvm::IRBuilder<> &builder, llvm::Value *position,
                                  llvm::Value *begin, llvm::Value *end) const {
  llvm::Value *first = loadField(builder, table, position, 0);
  TapStretch whole = load(builder, position);
  llvm::Value *zero = builder.getInt64(0);
  auto larger = [&](llvm::Value *a, llvm::Value *b) {
    return builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, a, b);
  };
  llvm::Value *skipped = larger(builder.CreateSub(begin, first), zero);
  llvm::Value *last = emitSmaller(builder, whole.length, builder.CreateSub(end, first));
  return {
      builder.CreateAdd(whole.input, builder.CreateMul(skipped, builder.getInt64(inputStep))),
      builder.CreateAdd(whole.gradient, builder.CreateMul(skipped, builder.getInt64(gradientStep))),
      larger(builder.CreateSub(last, skipped), zero)};
}

} // namespace lamina::codegen
