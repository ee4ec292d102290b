// Operations that only say where an element comes from: indices of the result become indices of
// operands.
#include "codegen/expressions/expression.h"
#include "ir/dialect.h"

using namespace mlir;

namespace lamina::codegen {

using llvm::ArrayRef;

llvm::Value *ExpressionEmitter::computeBroadcast(ir::BroadcastInDimOp op, ArrayRef<Index> indices) {
  Indices inner;
  for (auto [position, dimension] : llvm::enumerate(op.getBroadcastDimensions())) {
    bool repeated = op.getOperand().getType().getDimSize(position) == 1 &&
                    op.getType().getDimSize(dimension) != 1;
    inner.push_back(repeated ? constant(0) : indices[dimension]);
  }
  return evaluate(op.getOperand(), inner);
}

llvm::Value *ExpressionEmitter::linearIndex(RankedTensorType type, ArrayRef<Index> indices) {
  Storage dense = Storage::make(nullptr, type, {}, batchSize);
  llvm::Value *offset = nullptr;
  for (auto [index, stride] : llvm::zip(indices, dense.strides)) {
    if (stride == 0)
      continue;
    llvm::Value *term = stride == 1 ? index.base : builder.CreateMul(index.base, i64(stride));
    offset = offset ? builder.CreateAdd(offset, term) : term;
  }
  return offset ? offset : i64(0);
}

/// Evaluates one lane at a time; lanes that do not count repeat the first.
llvm::Value *ExpressionEmitter::lanewise(Value value, ArrayRef<Index> indices) {
  int dimension = vectorDimension(indices);
  llvm::Value *vectorMask = mask;
  mask = nullptr;
  llvm::Value *result = nullptr;
  for (unsigned lane = 0; lane < lanes; ++lane) {
    Indices scalar(indices);
    llvm::Value *offset = i64(lane);
    if (vectorMask && lane > 0)
      offset = builder.CreateSelect(builder.CreateExtractElement(vectorMask, lane), offset, i64(0));
    scalar[dimension] = {builder.CreateAdd(indices[dimension].base, offset), false, 1};
    enterScope();
    llvm::Value *element = evaluate(value, scalar);
    leaveScope();
    if (!result)
      result = llvm::PoisonValue::get(llvm::FixedVectorType::get(element->getType(), lanes));
    result = builder.CreateInsertElement(result, element, lane);
  }
  mask = vectorMask;
  return result;
}

llvm::Value *ExpressionEmitter::computeReshape(ir::ReshapeOp op, ArrayRef<Index> indices) {
  RankedTensorType from = op.getOperand().getType(), to = op.getType();
  // Memory is read at its linear address, whatever the shape.
  if (const Storage *storage = getStorage(op.getOperand()); storage && !storage->packed) {
    Storage view = Storage::make(storage->pointer, to, {}, batchSize);
    return load(view, indices);
  }
  // Where only dimensions of size 1 come or go, indices carry over.
  Indices inner;
  size_t next = 0;
  bool unitsOnly = true;
  for (int64_t extent : from.getShape()) {
    if (extent == 1) {
      inner.push_back(constant(0));
      continue;
    }
    while (next < indices.size() && to.getDimSize(next) == 1)
      ++next;
    unitsOnly &= next < indices.size() && to.getDimSize(next) == extent;
    if (!unitsOnly)
      break;
    inner.push_back(indices[next++]);
  }
  if (unitsOnly)
    return evaluate(op.getOperand(), inner);
  int dimension = vectorDimension(indices);
  bool keepsLast = from.getRank() > 0 && to.getRank() > 0 &&
                   from.getShape().back() == to.getShape().back() &&
                   (dimension < 0 || dimension == to.getRank() - 1);
  if (dimension >= 0 && !keepsLast)
    return lanewise(op.getResult(), indices);
  llvm::Value *rest = linearIndex(to, indices);
  inner.assign(from.getRank(), {});
  for (int64_t d = from.getRank() - 1; d >= 0; --d) {
    if (d == from.getRank() - 1 && keepsLast) {
      inner[d] = indices.back();
      rest = builder.CreateUDiv(rest, i64(from.getDimSize(d)));
      continue;
    }
    bool outermost = d == 0;
    inner[d].base = outermost ? rest : builder.CreateURem(rest, i64(from.getDimSize(d)));
    if (!outermost)
      rest = builder.CreateUDiv(rest, i64(from.getDimSize(d)));
  }
  return evaluate(op.getOperand(), inner);
}

llvm::Value *ExpressionEmitter::computeSlice(ir::SliceOp op, ArrayRef<Index> indices) {
  int dimension = vectorDimension(indices);
  if (dimension >= 0 && op.getStrides()[dimension] != 1)
    return lanewise(op.getResult(), indices);
  Indices inner;
  for (auto [position, index] : llvm::enumerate(indices)) {
    int64_t start = op.getStartIndices()[position], stride = op.getStrides()[position];
    if (start == 0 && stride == 1) {
      inner.push_back(index);
      continue;
    }
    llvm::Value *base = builder.CreateAdd(builder.CreateMul(index.base, i64(stride)), i64(start));
    inner.push_back({base, index.vector, 1});
  }
  return evaluate(op.getOperand(), inner);
}

llvm::Value *ExpressionEmitter::computePad(ir::PadOp op, ArrayRef<Index> indices) {
  RankedTensorType from = op.getOperand().getType();
  int dimension = vectorDimension(indices);
  if (dimension >= 0 && op.getType().getDimSize(dimension) != from.getDimSize(dimension))
    return lanewise(op.getResult(), indices);
  llvm::Value *inside = builder.getTrue();
  Indices inner;
  for (auto [d, index] : llvm::enumerate(indices)) {
    if (op.getType().getDimSize(d) == from.getDimSize(d)) {
      inner.push_back(index);
      continue;
    }
    llvm::Value *shifted = builder.CreateSub(index.base, i64(op.getLow()[d]));
    llvm::Value *step = i64(op.getInterior()[d] + 1);
    llvm::Value *position = builder.CreateSDiv(shifted, step);
    llvm::Value *valid = builder.CreateAnd(
        builder.CreateICmpSGE(shifted, i64(0)),
        builder.CreateAnd(builder.CreateICmpEQ(builder.CreateMul(position, step), shifted),
                          builder.CreateICmpSLT(position, i64(from.getDimSize(d)))));
    inside = builder.CreateAnd(inside, valid);
    inner.push_back({position, false, 1});
  }
  for (auto [d, index] : llvm::enumerate(inner))
    if (op.getType().getDimSize(d) != from.getDimSize(d))
      index.base = builder.CreateSelect(inside, index.base, i64(0));
  llvm::Value *value = evaluate(op.getOperand(), inner);
  llvm::Value *padding = evaluate(op.getPaddingValue(), {});
  if (value->getType()->isVectorTy())
    padding = splat(padding);
  return builder.CreateSelect(inside, value, padding);
}

llvm::Value *ExpressionEmitter::computeConcatenate(ir::ConcatenateOp op, ArrayRef<Index> indices) {
  int64_t dimension = op.getDimension();
  if (vectorDimension(indices) == dimension)
    return computeConcatenatedSegment(op, indices);
  llvm::Value *result = nullptr;
  int64_t start = 0;
  for (Value operand : op.getOperands()) {
    int64_t extent = cast<RankedTensorType>(operand.getType()).getDimSize(dimension);
    llvm::Value *shifted = builder.CreateSub(indices[dimension].base, i64(start));
    llvm::Value *here = builder.CreateICmpULT(shifted, i64(extent));
    Indices inner(indices);
    inner[dimension] = {builder.CreateSelect(here, shifted, i64(0)), false, 1};
    llvm::Value *value = evaluate(operand, inner);
    if (result && value->getType() != result->getType()) {
      value = splat(value);
      result = splat(result);
    }
    result = result ? builder.CreateSelect(here, value, result) : value;
    start += extent;
  }
  return result;
}

llvm::Value *ExpressionEmitter::clampIndex(llvm::Value *index, mlir::Type element, int64_t extent) {
  index = element.isUnsignedInteger() ? builder.CreateZExt(index, builder.getInt64Ty())
                                      : builder.CreateSExt(index, builder.getInt64Ty());
  index = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, index, i64(0));
  return builder.CreateBinaryIntrinsic(llvm::Intrinsic::smin, index, i64(extent - 1));
}

llvm::Value *ExpressionEmitter::computeGather(ir::GatherOp op, ArrayRef<Index> indices) {
  int64_t dimension = op.getDimension(), batching = op.getBatching();
  RankedTensorType table = op.getOperand().getType(), lookup = op.getIndices().getType();
  int64_t behind = dimension + lookup.getRank() - batching;
  Indices place(indices.take_front(batching));
  place.append(indices.begin() + dimension, indices.begin() + behind);
  if (vectorDimension(place) >= 0)
    return lanewise(op.getResult(), indices);
  llvm::Value *slice = clampIndex(evaluate(op.getIndices(), place), lookup.getElementType(),
                                  table.getDimSize(dimension));
  Indices inner(indices.take_front(dimension));
  inner.push_back({slice, false, 1});
  inner.append(indices.begin() + behind, indices.end());
  return evaluate(op.getOperand(), inner);
}

/// Vectors along the concatenated dimension: of one operand where the segment at hand lies in it.
llvm::Value *ExpressionEmitter::computeConcatenatedSegment(ir::ConcatenateOp op,
                                                           ArrayRef<Index> indices) {
  int64_t dimension = op.getDimension(), start = 0;
  for (Value operand : op.getOperands()) {
    int64_t extent = cast<RankedTensorType>(operand.getType()).getDimSize(dimension);
    if (segment && start <= segment->first && segment->second <= start + extent) {
      auto outer = segment;
      segment = {outer->first - start, outer->second - start};
      Indices inner(indices);
      inner[dimension] = {builder.CreateSub(indices[dimension].base, i64(start)), true, 1};
      llvm::Value *value = evaluate(operand, inner);
      segment = outer;
      return value;
    }
    start += extent;
  }
  return lanewise(op.getResult(), indices);
}

} // namespace lamina::codegen
