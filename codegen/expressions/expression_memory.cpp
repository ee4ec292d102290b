// Types of elements; loads and stores of tensors in memory, dense or packed, whole vectors or lane
// by lane.
#include "codegen/emit/loops.h"
#include "codegen/expressions/expression.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::codegen {

using llvm::ArrayRef;
using llvm::SmallVector;

llvm::Type *registerType(llvm::LLVMContext &context, mlir::Type element) {
  if (element.isF32())
    return llvm::Type::getFloatTy(context);
  if (element.isF64())
    return llvm::Type::getDoubleTy(context);
  if (auto integer = dyn_cast<IntegerType>(element))
    return llvm::IntegerType::get(context, integer.getWidth());
  std::string text;
  llvm::raw_string_ostream(text) << element;
  fail("code generation failed: no register holds elements of type {}", text);
}

llvm::Type *memoryType(llvm::LLVMContext &context, mlir::Type element) {
  return element.isInteger(1) ? llvm::Type::getInt8Ty(context) : registerType(context, element);
}

bool ExpressionEmitter::isContiguous(const Storage &storage, ArrayRef<Index> indices) const {
  int dimension = vectorDimension(indices);
  if (dimension < 0)
    return true;
  if (storage.packed)
    return dimension == storage.packed.getDimension() && storage.keepsLines() &&
           storage.packed.getWidth() % lanes == 0 && indices[dimension].multiple % lanes == 0;
  return storage.strides[dimension] == 1;
}

llvm::Value *ExpressionEmitter::packedOffset(const Storage &storage, ArrayRef<Index> indices) {
  int64_t packed = storage.packed.getDimension(), width = storage.packed.getWidth();
  int64_t group = storage.packed.getGroup();
  SmallVector<int64_t> others;
  Indices otherIndices;
  for (auto [position, index] : llvm::enumerate(indices))
    if (static_cast<int64_t>(position) != packed) {
      others.push_back(storage.type.getDimSize(position));
      otherIndices.push_back(index);
    }
  auto lines = RankedTensorType::get(others, storage.type.getElementType());
  llvm::Value *line = linearIndex(lines, otherIndices), *base = indices[packed].base;
  llvm::Value *panel = builder.CreateUDiv(base, i64(width));
  llvm::Value *column = builder.CreateURem(base, i64(width));
  auto place = [&](llvm::Value *whole, int64_t size, llvm::Value *rest) {
    return builder.CreateAdd(builder.CreateMul(whole, i64(size)), rest);
  };
  if (group == 1)
    return place(place(panel, lines.getNumElements(), line), width, column);
  int64_t groups = llvm::divideCeil(lines.getNumElements(), group);
  llvm::Value *first = place(panel, groups, builder.CreateUDiv(line, i64(group)));
  return place(place(first, width, column), group, builder.CreateURem(line, i64(group)));
}

llvm::Value *ExpressionEmitter::address(const Storage &storage, ArrayRef<Index> indices) {
  llvm::Value *offset =
      storage.packed ? packedOffset(storage, indices) : linearIndex(storage.type, indices);
  llvm::Type *element = memoryType(builder.getContext(), storage.type.getElementType());
  return builder.CreateInBoundsGEP(element, storage.pointer, offset);
}

llvm::Value *ExpressionEmitter::loadAt(llvm::Value *pointer, mlir::Type element, bool vector) {
  llvm::Type *type = memoryType(builder.getContext(), element);
  llvm::Align align(type->getPrimitiveSizeInBits() / 8);
  llvm::Value *value;
  if (!vector) {
    value = builder.CreateAlignedLoad(type, pointer, align);
  } else {
    auto *vectorType = llvm::FixedVectorType::get(type, lanes);
    value = mask
                ? builder.CreateMaskedLoad(vectorType, pointer, align, mask,
                                           llvm::Constant::getNullValue(vectorType))
                : static_cast<llvm::Value *>(builder.CreateAlignedLoad(vectorType, pointer, align));
  }
  return element.isInteger(1)
             ? builder.CreateICmpNE(value, llvm::Constant::getNullValue(value->getType()))
             : value;
}

llvm::Value *ExpressionEmitter::load(const Storage &storage, ArrayRef<Index> indices) {
  if (isContiguous(storage, indices))
    return loadAt(address(storage, indices), storage.type.getElementType(),
                  vectorDimension(indices) >= 0);
  llvm::Value *result = nullptr;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    llvm::Value *element =
        loadAt(laneAddress(storage, indices, lane).pointer, storage.type.getElementType(), false);
    if (!result)
      result = llvm::PoisonValue::get(llvm::FixedVectorType::get(element->getType(), lanes));
    result = builder.CreateInsertElement(result, element, lane);
  }
  return result;
}

ExpressionEmitter::Lane ExpressionEmitter::laneAddress(const Storage &storage,
                                                       ArrayRef<Index> indices, unsigned lane) {
  int dimension = vectorDimension(indices);
  llvm::Value *source = builder.getInt32(lane), *offset = i64(lane);
  if (mask && lane > 0) {
    llvm::Value *counts = builder.CreateExtractElement(mask, lane);
    source = builder.CreateSelect(counts, source, builder.getInt32(0));
    offset = builder.CreateSelect(counts, offset, i64(0));
  }
  Indices scalar(indices);
  scalar[dimension] = {indices[dimension].base, false, 1};
  std::optional<int64_t> stride = storage.strideOf(dimension);
  if (!stride) {
    scalar[dimension].base = builder.CreateAdd(indices[dimension].base, offset);
    return {address(storage, scalar), source};
  }
  llvm::Type *element = memoryType(builder.getContext(), storage.type.getElementType());
  if (lane == 0)
    firstLane = address(storage, scalar);
  return {builder.CreateInBoundsGEP(element, firstLane, builder.CreateMul(offset, i64(*stride))),
          source};
}

void ExpressionEmitter::store(const Storage &storage, ArrayRef<Index> indices, llvm::Value *value) {
  mlir::Type element = storage.type.getElementType();
  llvm::Type *type = memoryType(builder.getContext(), element);
  llvm::Align align(type->getPrimitiveSizeInBits() / 8);
  int dimension = vectorDimension(indices);
  if (dimension >= 0)
    value = splat(value);
  if (element.isInteger(1))
    value =
        builder.CreateZExt(value, dimension >= 0 ? llvm::FixedVectorType::get(type, lanes) : type);
  if (dimension < 0) {
    builder.CreateAlignedStore(value, address(storage, indices), align);
    return;
  }
  if (isContiguous(storage, indices)) {
    // The lanes past the end of a packed dimension are the panel's padding, which stays zero.
    if (mask && storage.packed)
      builder.CreateAlignedStore(
          builder.CreateSelect(mask, value, llvm::Constant::getNullValue(value->getType())),
          address(storage, indices), align);
    else if (mask)
      builder.CreateMaskedStore(value, address(storage, indices), align, mask);
    else
      builder.CreateAlignedStore(value, address(storage, indices), align);
    return;
  }
  // A lane that does not count stores the first lane's value at the first lane's place again.
  for (unsigned lane = 0; lane < lanes; ++lane) {
    Lane place = laneAddress(storage, indices, lane);
    if (auto constant = constantOf(place.source); constant && *constant != lane)
      continue;
    builder.CreateAlignedStore(builder.CreateExtractElement(value, place.source), place.pointer,
                               align);
  }
}

} // namespace lamina::codegen
