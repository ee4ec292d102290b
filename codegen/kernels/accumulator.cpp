#include "codegen/kernels/accumulator.h"

#include "codegen/expressions/elementwise.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace lamina::codegen {

Accumulator::Accumulator(llvm::IRBuilder<> &builder, Operation *anchor, unsigned lanes)
    : builder(builder), anchor(anchor), lanes(lanes),
      element(getElementTypeOrSelf(anchor->getOperand(0).getType())) {}

llvm::Constant *Accumulator::identity() const {
  llvm::Type *type = registerType(builder.getContext(), element);
  bool isUnsigned = element.isUnsignedInteger();
  if (isArgmax())
    return extremeNumber(type, isUnsigned, /*largest=*/false);
  switch (cast<ir::ReduceOp>(anchor).getKind()) {
  case ir::ReductionKind::add:
  case ir::ReductionKind::or_:
    // -0 is the identity of addition: a sum of negative zeros stays one.
    return type->isFloatingPointTy() ? llvm::ConstantFP::getNegativeZero(type)
                                     : llvm::Constant::getNullValue(type);
  case ir::ReductionKind::multiply:
  case ir::ReductionKind::and_:
    return type->isFloatingPointTy() ? llvm::ConstantFP::get(type, 1.0)
                                     : llvm::ConstantInt::get(type, 1);
  case ir::ReductionKind::maximum:
    return extremeNumber(type, isUnsigned, /*largest=*/false);
  case ir::ReductionKind::minimum:
    return extremeNumber(type, isUnsigned, /*largest=*/true);
  }
  llvm_unreachable("all kinds are listed");
}

Values Accumulator::initial(bool vector) const {
  Values values = {identity()};
  if (isArgmax())
    values.push_back(builder.getInt32(0));
  if (vector)
    for (llvm::Value *&value : values)
      value = builder.CreateVectorSplat(lanes, value);
  return values;
}

llvm::Value *Accumulator::combineTwo(llvm::Value *a, llvm::Value *b) const {
  bool floating = a->getType()->isFPOrFPVectorTy(), isUnsigned = element.isUnsignedInteger();
  switch (cast<ir::ReduceOp>(anchor).getKind()) {
  case ir::ReductionKind::add:
    return floating ? builder.CreateFAdd(a, b) : builder.CreateAdd(a, b);
  case ir::ReductionKind::multiply:
    return floating ? builder.CreateFMul(a, b) : builder.CreateMul(a, b);
  case ir::ReductionKind::maximum:
    return emitMaximum(builder, a, b, isUnsigned);
  case ir::ReductionKind::minimum:
    return emitMinimum(builder, a, b, isUnsigned);
  case ir::ReductionKind::and_:
    return builder.CreateAnd(a, b);
  case ir::ReductionKind::or_:
    return builder.CreateOr(a, b);
  }
  llvm_unreachable("all kinds are listed");
}

Values Accumulator::combine(const Values &carried, llvm::Value *element, llvm::Value *position,
                            llvm::Value *mask) const {
  if (isArgmax()) {
    llvm::Value *better =
        emitIsLarger(builder, element, carried[0], this->element.isUnsignedInteger());
    if (mask)
      better = builder.CreateAnd(better, mask);
    return {builder.CreateSelect(better, element, carried[0]),
            builder.CreateSelect(better, position, carried[1])};
  }
  llvm::Value *combined = combineTwo(carried[0], element);
  return {mask ? builder.CreateSelect(mask, combined, carried[0]) : combined};
}

Values Accumulator::join(const Values &a, const Values &b) const {
  if (!isArgmax())
    return {combineTwo(a[0], b[0])};
  // Lanes hold interleaved positions: at equal values the lower index is the first.
  llvm::Value *equal;
  if (a[0]->getType()->isFPOrFPVectorTy())
    equal = builder.CreateOr(
        builder.CreateFCmpOEQ(a[0], b[0]),
        builder.CreateAnd(builder.CreateFCmpUNO(a[0], a[0]), builder.CreateFCmpUNO(b[0], b[0])));
  else
    equal = builder.CreateICmpEQ(a[0], b[0]);
  llvm::Value *earlier = builder.CreateAnd(equal, builder.CreateICmpSLT(b[1], a[1]));
  llvm::Value *better =
      builder.CreateOr(emitIsLarger(builder, b[0], a[0], element.isUnsignedInteger()), earlier);
  return {builder.CreateSelect(better, b[0], a[0]), builder.CreateSelect(better, b[1], a[1])};
}

llvm::Value *Accumulator::reduceLanes(const Values &carried) const {
  Values current(carried);
  // Halves onto each other: the same tree of additions whatever the target's shuffles.
  for (unsigned width = lanes / 2; width >= 1; width /= 2) {
    Values low, high;
    for (llvm::Value *value : current) {
      llvm::SmallVector<int> first, second;
      for (unsigned lane = 0; lane < width; ++lane) {
        first.push_back(lane);
        second.push_back(lane + width);
      }
      low.push_back(builder.CreateShuffleVector(value, first));
      high.push_back(builder.CreateShuffleVector(value, second));
    }
    current = join(low, high);
  }
  return builder.CreateExtractElement(current.back(), uint64_t(0));
}

} // namespace lamina::codegen
