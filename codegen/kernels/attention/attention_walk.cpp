#include "codegen/kernels/attention/attention_walk.h"

#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/scratch.h"

using namespace mlir;

namespace lamina::codegen {

AttentionWalkEmitter::AttentionWalkEmitter(const KernelJob &job, const TargetSpec &target,
                                           const Attention &attention, int64_t tileRows,
                                           int64_t tileVectors, int64_t keyBlock)
    : KernelEmitter(job, target), attention(attention), tileRows(tileRows),
      tileVectors(tileVectors), keyBlock(keyBlock) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(attention.query.getType()).getShape();
  rowExtent = shape[0];
  queries = shape[1];
  heads = shape[2];
  keys = cast<RankedTensorType>(attention.key.getType()).getDimSize(1);
}

void AttentionWalkEmitter::begin() {
  element = memoryType(b().getContext(), getElementTypeOrSelf(attention.query.getType()));
  vectorType = llvm::FixedVectorType::get(element, lanes);
}

//===--- Blocks -------------------------------------------------------------------------------===//

llvm::SmallVector<int64_t> AttentionWalkEmitter::blockShape() const {
  return {rowExtent, heads, static_cast<int64_t>(llvm::divideCeil(queries, queryBlock()))};
}

AttentionWalkEmitter::Block AttentionWalkEmitter::blockAt(llvm::Value *row, llvm::Value *head,
                                                          llvm::Value *number) {
  llvm::Value *first = b().CreateMul(number, i64(queryBlock()));
  llvm::Value *count = i64(queryBlock());
  if (queries % queryBlock() != 0)
    count = emitSmaller(b(), count, b().CreateSub(i64(queries), first));
  return {row, head, first, count};
}

void AttentionWalkEmitter::forKeyBlocks(const Block &block,
                                        const std::function<void(const Keys &)> &body) {
  llvm::Value *end = i64(keys);
  // A query that no key counts for gets the mean of all values, so with masks all are visited.
  if (attention.isCausal && attention.masks.empty()) {
    llvm::Value *seen = b().CreateAdd(block.first, i64(queryBlock()));
    end = emitSmaller(b(), end, b().CreateMul(emitCeilDivide(b(), seen, keyBlock), i64(keyBlock)));
  }
  emitTiles(b(), i64(0), end, keys, keyBlock,
            [&](llvm::Value *first, int64_t count) { body({first, count}); });
}

//===--- Memory -------------------------------------------------------------------------------===//

AttentionWalkEmitter::Transposed AttentionWalkEmitter::allocateTransposed(int64_t features) {
  return {allocateScratch(b(), element, features * queryBlock()), features};
}

AttentionWalkEmitter::Steps AttentionWalkEmitter::stepsOf(const Storage &storage, llvm::Value *row,
                                                          llvm::Value *head) {
  int64_t features = storage.type.getDimSize(3);
  Indices start = {
      {row, false, 1}, expressions->constant(0), {head, false, 1}, expressions->constant(0)};
  return {expressions->address(storage, start), heads * features, features};
}

AttentionWalkEmitter::Steps AttentionWalkEmitter::stepsOf(Value operand, const Block &block) {
  return stepsOf(*findMemory(operand), block.row, block.head);
}

llvm::Value *AttentionWalkEmitter::placeOf(const Steps &steps, llvm::Value *first) {
  return advance(b(), element, steps.pointer, first, steps.stride);
}

llvm::Value *AttentionWalkEmitter::vectorAt(llvm::Value *pointer, int64_t vector) {
  return advance(b(), element, pointer, vector * lanes);
}

Values AttentionWalkEmitter::loadVectors(llvm::Value *pointer) {
  Values result;
  for (int64_t v = 0; v < tileVectors; ++v)
    result.push_back(b().CreateAlignedLoad(vectorType, vectorAt(pointer, v), elementAlign()));
  return result;
}

void AttentionWalkEmitter::storeVectors(llvm::Value *pointer,
                                        llvm::ArrayRef<llvm::Value *> values) {
  for (auto [v, number] : llvm::enumerate(values))
    b().CreateAlignedStore(number, vectorAt(pointer, static_cast<int64_t>(v)), elementAlign());
}

llvm::Value *AttentionWalkEmitter::loadMasked(llvm::Value *place, llvm::Value *mask, double fill) {
  if (!mask)
    return b().CreateAlignedLoad(vectorType, place, elementAlign());
  return b().CreateMaskedLoad(vectorType, place, elementAlign(), mask, splat(fill));
}

void AttentionWalkEmitter::storeMasked(llvm::Value *number, llvm::Value *place, llvm::Value *mask) {
  if (mask)
    b().CreateMaskedStore(number, place, elementAlign(), mask);
  else
    b().CreateAlignedStore(number, place, elementAlign());
}

void AttentionWalkEmitter::fillZero(llvm::Value *pointer, int64_t elements) {
  b().CreateMemSet(pointer, b().getInt8(0), elements * element->getPrimitiveSizeInBits() / 8,
                   elementAlign());
}

void AttentionWalkEmitter::transposeIn(const Steps &from, const Block &block, const Transposed &to,
                                       double factor) {
  if (queries % queryBlock() != 0)
    fillZero(to.pointer, to.features * queryBlock());
  llvm::Value *place = placeOf(from, block.first);
  emitLoop(b(), i64(0), block.count, 1, [&](llvm::Value *q) {
    llvm::Value *line = advance(b(), element, place, q, from.stride);
    llvm::Value *column = advance(b(), element, to.pointer, q, 1);
    emitLoop(b(), i64(0), i64(to.features), 1, [&](llvm::Value *d) {
      llvm::Value *number = b().CreateLoad(element, advance(b(), element, line, d, 1));
      number = b().CreateFMul(number, llvm::ConstantFP::get(element, factor));
      b().CreateStore(number, advance(b(), element, column, d, queryBlock()));
    });
  });
}

void AttentionWalkEmitter::transposeOut(const Transposed &from, const Block &block,
                                        const Steps &to) {
  llvm::Value *place = placeOf(to, block.first);
  emitLoop(b(), i64(0), block.count, 1, [&](llvm::Value *q) {
    llvm::Value *line = advance(b(), element, place, q, to.stride);
    llvm::Value *column = advance(b(), element, from.pointer, q, 1);
    emitLoop(b(), i64(0), i64(from.features), 1, [&](llvm::Value *d) {
      llvm::Value *number = b().CreateLoad(element, advance(b(), element, column, d, queryBlock()));
      b().CreateStore(number, advance(b(), element, line, d, 1));
    });
  });
}

llvm::Value *AttentionWalkEmitter::statisticsPlace(const Storage &storage, const Block &block) {
  return expressions->address(
      storage, Indices{{block.row, false, 1}, {block.head, false, 1}, {block.first, false, 1}});
}

llvm::Value *AttentionWalkEmitter::queryMask(const Block &block, int64_t vector) {
  if (queries % queryBlock() == 0)
    return nullptr;
  return maskBelow(b().CreateAdd(block.first, i64(vector * lanes)), i64(queries));
}

//===--- Products -----------------------------------------------------------------------------===//

TileProduct AttentionWalkEmitter::product(int64_t leftStride, int64_t rightStride,
                                          llvm::Value *lastMask) {
  return {b(), target, element, lanes, leftStride, rightStride, lastMask};
}

Values AttentionWalkEmitter::keyProducts(const Steps &keys, llvm::Value *first, int64_t rows,
                                         const Transposed &queries) {
  RowOffsets offsets;
  for (int64_t r = 0; r < rows; ++r)
    offsets.push_back(r * keys.stride);
  Values right;
  for (int64_t v = 0; v < tileVectors; ++v)
    right.push_back(vectorAt(queries.pointer, v));
  TileProduct tile = product(1, queryBlock());
  return tile.emit(placeOf(keys, first), offsets, right, i64(keys.features),
                   tile.zeros(rows * tileVectors));
}

void AttentionWalkEmitter::addToQueries(const Steps &steps, const Keys &keys, llvm::Value *weights,
                                        const Transposed &sums, const Values &factors) {
  llvm::Value *first = placeOf(steps, keys.first);
  Values right;
  for (int64_t v = 0; v < tileVectors; ++v)
    right.push_back(vectorAt(weights, v));
  forRowTiles(sums.features, [&](llvm::Value *feature, int64_t rows) {
    RowOffsets offsets;
    Values carried;
    llvm::Value *line = advance(b(), element, sums.pointer, feature, queryBlock());
    for (int64_t r = 0; r < rows; ++r) {
      offsets.push_back(r);
      Values old = loadVectors(advance(b(), element, line, r * queryBlock()));
      for (auto [v, number] : llvm::enumerate(old))
        carried.push_back(factors.empty() ? number : b().CreateFMul(number, factors[v]));
    }
    Values result = product(steps.stride, queryBlock())
                        .emit(advance(b(), element, first, feature, 1), offsets, right,
                              i64(keys.count), carried);
    for (int64_t r = 0; r < rows; ++r)
      storeVectors(advance(b(), element, line, r * queryBlock()),
                   llvm::ArrayRef(result).slice(r * tileVectors, tileVectors));
  });
}

//===--- Masks --------------------------------------------------------------------------------===//

/// Whether the key's step is not behind the queries'.
llvm::Value *AttentionWalkEmitter::causalPairs(llvm::Value *firstQuery, llvm::Value *key) {
  llvm::SmallVector<llvm::Constant *> steps;
  for (unsigned lane = 0; lane < lanes; ++lane)
    steps.push_back(b().getInt32(lane));
  llvm::Value *ahead = b().CreateTrunc(b().CreateSub(key, firstQuery), b().getInt32Ty());
  return b().CreateICmpSGE(llvm::ConstantVector::get(steps), splat(ahead));
}

Values AttentionWalkEmitter::pairsThatCount(const Block &block, llvm::Value *firstKey,
                                            int64_t rows) {
  Values result;
  if (!attention.isCausal && attention.masks.empty())
    return result;
  expressions->enterScope();
  for (int64_t r = 0; r < rows; ++r) {
    llvm::Value *key = b().CreateAdd(firstKey, i64(r));
    for (int64_t v = 0; v < tileVectors; ++v) {
      llvm::Value *first = b().CreateAdd(block.first, i64(v * lanes));
      llvm::Value *counts = attention.isCausal ? causalPairs(first, key) : nullptr;
      expressions->setMask(queryMask(block, v));
      for (Value mask : attention.masks) {
        Indices place = {
            {block.row, false, 1}, {block.head, false, 1}, {first, true, 1}, {key, false, 1}};
        for (auto [i, size] : llvm::enumerate(cast<RankedTensorType>(mask.getType()).getShape()))
          if (size == 1)
            place[i] = expressions->constant(0);
        llvm::Value *own = expressions->evaluate(mask, place);
        if (!own->getType()->isVectorTy())
          own = splat(own);
        counts = counts ? b().CreateAnd(counts, own) : own;
      }
      expressions->setMask(nullptr);
      result.push_back(counts);
    }
  }
  expressions->leaveScope();
  return result;
}

} // namespace lamina::codegen
