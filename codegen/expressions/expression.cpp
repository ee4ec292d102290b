#include "codegen/expressions/expression.h"

#include "codegen/emit/loops.h"
#include "codegen/expressions/elementwise.h"
#include "codegen/expressions/random_bits.h"
#include "ir/module.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {

int vectorDimension(ArrayRef<Index> indices) {
  for (auto [position, index] : llvm::enumerate(indices))
    if (index.vector)
      return position;
  return -1;
}

ExpressionEmitter::ExpressionEmitter(llvm::IRBuilder<> &builder, const TargetSpec &target,
                                     unsigned lanes, llvm::Value *rows, const BatchSize &batchSize)
    : builder(builder), target(target), lanes(lanes), rows(rows), batchSize(batchSize) {
  enterScope();
}

const Storage *ExpressionEmitter::getStorage(Value argument) const {
  auto found = storages.find(argument);
  return found == storages.end() ? nullptr : &found->second;
}

llvm::Value *ExpressionEmitter::extent(int64_t size) {
  return ShapedType::isDynamic(size) ? rows : i64(size);
}

llvm::Value *ExpressionEmitter::splat(llvm::Value *scalar) {
  return scalar->getType()->isVectorTy() ? scalar : builder.CreateVectorSplat(lanes, scalar);
}

//===--- Values that are known ----------------------------------------------------------------===//

static bool sameIndices(ArrayRef<std::pair<llvm::Value *, bool>> key, ArrayRef<Index> indices) {
  return llvm::equal(key, indices, [](const auto &a, const Index &b) {
    return a.first == b.base && a.second == b.vector;
  });
}

ExpressionEmitter::Entry *ExpressionEmitter::find(Value value, ArrayRef<Index> indices) {
  for (auto &scope : llvm::reverse(scopes))
    if (auto found = scope.find(value); found != scope.end())
      for (Entry &entry : found->second)
        if (sameIndices(entry.indices, indices))
          return &entry;
  return nullptr;
}

void ExpressionEmitter::bind(Value value, ArrayRef<Index> indices, llvm::Value *what) {
  Entry entry{value, {}, what};
  for (const Index &index : indices)
    entry.indices.push_back({index.base, index.vector});
  scopes.back()[value].push_back(std::move(entry));
}

llvm::Value *ExpressionEmitter::evaluate(Value value, ArrayRef<Index> indices) {
  if (Entry *known = find(value, indices))
    return known->result;
  llvm::Value *result = compute(value, indices);
  bind(value, indices, result);
  return result;
}

llvm::Value *ExpressionEmitter::evaluateVector(Value value, ArrayRef<Index> indices) {
  return splat(evaluate(value, indices));
}

llvm::Value *ExpressionEmitter::compute(Value value, ArrayRef<Index> indices) {
  if (const Storage *storage = getStorage(value))
    return load(*storage, indices);
  Operation *op = value.getDefiningOp();
  assert(op && "block arguments are bound before the body is evaluated");
  if (op->hasTrait<ir::Elementwise>())
    return computeElementwise(op, indices);
  if (auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op))
    return computeBroadcast(broadcast, indices);
  if (auto reshape = dyn_cast<ir::ReshapeOp>(op))
    return computeReshape(reshape, indices);
  if (auto transpose = dyn_cast<ir::TransposeOp>(op)) {
    Indices inner(indices.size());
    for (auto [position, dimension] : llvm::enumerate(transpose.getPermutation()))
      inner[dimension] = indices[position];
    return evaluate(transpose.getOperand(), inner);
  }
  if (auto slice = dyn_cast<ir::SliceOp>(op))
    return computeSlice(slice, indices);
  if (auto pad = dyn_cast<ir::PadOp>(op))
    return computePad(pad, indices);
  if (auto concatenate = dyn_cast<ir::ConcatenateOp>(op))
    return computeConcatenate(concatenate, indices);
  if (auto gather = dyn_cast<ir::GatherOp>(op))
    return computeGather(gather, indices);
  if (auto constant = dyn_cast<ir::ConstantOp>(op))
    return computeConstant(constant, indices);
  if (auto iota = dyn_cast<ir::IotaOp>(op))
    return computeIota(iota, indices);
  if (auto random = dyn_cast<ir::RngBitsOp>(op))
    return computeRandom(random, indices);
  if (auto rowsOp = dyn_cast<ir::RowsOp>(op)) {
    llvm::Type *type = registerType(builder.getContext(), rowsOp.getType().getElementType());
    return type->isFloatingPointTy() ? builder.CreateUIToFP(rows, type)
                                     : builder.CreateTrunc(rows, type);
  }
  llvm_unreachable("anchors are bound by their kernel family before they are read");
}

//===--- Elementwise and index maps -----------------------------------------------------------===//

llvm::Value *ExpressionEmitter::computeElementwise(Operation *op, ArrayRef<Index> indices) {
  SmallVector<llvm::Value *, 3> operands;
  bool vector = false;
  for (Value operand : op->getOperands()) {
    operands.push_back(evaluate(operand, indices));
    vector |= operands.back()->getType()->isVectorTy();
  }
  if (vector)
    for (llvm::Value *&operand : operands)
      operand = splat(operand);
  return emitElementwise(builder, target, op, operands);
}

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
  int64_t dimension = op.getDimension();
  RankedTensorType table = op.getOperand().getType(), lookup = op.getIndices().getType();
  ArrayRef<Index> place = indices.slice(dimension, lookup.getRank());
  if (vectorDimension(place) >= 0)
    return lanewise(op.getResult(), indices);
  llvm::Value *slice = clampIndex(evaluate(op.getIndices(), place), lookup.getElementType(),
                                  table.getDimSize(dimension));
  Indices inner(indices.take_front(dimension));
  inner.push_back({slice, false, 1});
  inner.append(indices.begin() + dimension + lookup.getRank(), indices.end());
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

//===--- Leaves -------------------------------------------------------------------------------===//

static llvm::Constant *constantElement(llvm::Type *type, Attribute attribute) {
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return llvm::ConstantFP::get(type, number.getValue());
  return llvm::ConstantInt::get(type, cast<IntegerAttr>(attribute).getValue());
}

llvm::Value *ExpressionEmitter::computeConstant(ir::ConstantOp op, ArrayRef<Index> indices) {
  auto elements = cast<DenseElementsAttr>(op.getValue());
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  llvm::Type *element = registerType(builder.getContext(), type.getElementType());
  if (elements.isSplat())
    return constantElement(element, elements.getSplatValue<Attribute>());
  llvm::GlobalVariable *&global = constants[op];
  if (global)
    return load(Storage::make(global, type, {}, batchSize), indices);
  llvm::Type *stored = memoryType(builder.getContext(), type.getElementType());
  SmallVector<llvm::Constant *> values;
  for (Attribute attribute : elements.getValues<Attribute>())
    values.push_back(constantElement(stored, attribute));
  auto *array = llvm::ConstantArray::get(llvm::ArrayType::get(stored, values.size()), values);
  llvm::Module *module = builder.GetInsertBlock()->getModule();
  global = addConstant(*module, array, "constant");
  global->setAlignment(llvm::Align(64));
  return load(Storage::make(global, type, {}, batchSize), indices);
}

llvm::Value *ExpressionEmitter::computeIota(ir::IotaOp op, ArrayRef<Index> indices) {
  RankedTensorType type = op.getType();
  const Index &index = indices[op.getDimension()];
  llvm::Value *number = builder.CreateTrunc(index.base, builder.getInt32Ty());
  if (index.vector) {
    SmallVector<llvm::Constant *> steps;
    for (unsigned lane = 0; lane < lanes; ++lane)
      steps.push_back(builder.getInt32(lane));
    number = builder.CreateAdd(splat(number), llvm::ConstantVector::get(steps));
  }
  llvm::Type *to = registerType(builder.getContext(), type.getElementType());
  if (index.vector)
    to = llvm::FixedVectorType::get(to, lanes);
  return to->isFPOrFPVectorTy() ? builder.CreateSIToFP(number, to)
                                : builder.CreateSExtOrTrunc(number, to);
}

llvm::Value *ExpressionEmitter::computeRandom(ir::RngBitsOp op, ArrayRef<Index> indices) {
  int dimension = vectorDimension(indices);
  if (dimension >= 0 && dimension != op.getType().getRank() - 1)
    return lanewise(op.getResult(), indices);
  llvm::Value *seed = evaluate(op.getSeed(), {}), *step = evaluate(op.getStep(), {});
  llvm::Type *word = builder.getInt32Ty();
  llvm::Value *key =
      emitPhilox(builder, builder.getInt32(op.getStream()), builder.CreateTrunc(seed, word),
                 builder.CreateTrunc(builder.CreateLShr(seed, 32), word));
  llvm::Value *counter = builder.CreateTrunc(linearIndex(op.getType(), indices), word);
  if (dimension >= 0) {
    SmallVector<llvm::Constant *> steps;
    for (unsigned lane = 0; lane < lanes; ++lane)
      steps.push_back(builder.getInt32(lane));
    counter = builder.CreateAdd(splat(counter), llvm::ConstantVector::get(steps));
  }
  return emitPhilox(builder, key, counter, builder.CreateTrunc(step, word));
}

} // namespace lamina::codegen
