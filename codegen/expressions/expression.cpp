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

//===--- Elementwise --------------------------------------------------------------------------===//

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
