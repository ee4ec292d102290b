#include "codegen/kernels/window/window_accumulator.h"

#include "codegen/expressions/elementwise.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace lamina::codegen {

WindowAccumulator::WindowAccumulator(llvm::IRBuilder<> &builder, ArrayRef<Operation *> anchors,
                                     unsigned lanes)
    : builder(builder), anchor(anchors.front()),
      findsPlaces(llvm::any_of(anchors, llvm::IsaPred<ir::ArgmaxWindowOp>)), lanes(lanes),
      element(getElementTypeOrSelf(anchor->getOperand(0).getType())) {}

Value WindowAccumulator::getPlaces() const {
  auto scatter = dyn_cast<ir::WindowScatterOp>(anchor);
  return scatter ? scatter.getPlaces() : Value();
}

bool WindowAccumulator::isSum() const {
  auto reduce = dyn_cast<ir::ReduceWindowOp>(anchor);
  return isa<ir::WindowScatterOp>(anchor) || (reduce && reduce.getKind() == ir::ReductionKind::add);
}

Values WindowAccumulator::initial(llvm::Value *firstPlace) const {
  llvm::Type *type = registerType(builder.getContext(), element);
  llvm::Constant *identity = llvm::Constant::getNullValue(type);
  if (!isSum())
    identity = extremeNumber(type, element.isUnsignedInteger(), /*largest=*/false);
  else if (isa<ir::ReduceWindowOp>(anchor) && type->isFloatingPointTy())
    identity = llvm::ConstantFP::getNegativeZero(type); // a sum of negative zeros stays one
  Values values = {builder.CreateVectorSplat(lanes, identity)};
  if (findsPlaces)
    values.push_back(builder.CreateVectorSplat(lanes, firstPlace));
  return values;
}

Values WindowAccumulator::combine(const Values &carried, llvm::Value *element, llvm::Value *place,
                                  llvm::Value *places) const {
  bool isUnsigned = this->element.isUnsignedInteger();
  if (findsPlaces) {
    llvm::Value *better = emitIsLarger(builder, element, carried[0], isUnsigned);
    return {builder.CreateSelect(better, element, carried[0]),
            builder.CreateSelect(better, builder.CreateVectorSplat(lanes, place), carried[1])};
  }
  if (!isSum())
    return {emitMaximum(builder, carried[0], element, isUnsigned)};
  llvm::Value *sum = element->getType()->isFPOrFPVectorTy()
                         ? builder.CreateFAdd(carried[0], element)
                         : builder.CreateAdd(carried[0], element);
  if (!places)
    return {sum};
  llvm::Value *here =
      builder.CreateTrunc(place, cast<llvm::VectorType>(places->getType())->getElementType());
  llvm::Value *chosen = builder.CreateICmpEQ(places, builder.CreateVectorSplat(lanes, here));
  return {builder.CreateSelect(chosen, sum, carried[0])};
}

llvm::Value *WindowAccumulator::result(Operation *anchor, const Values &carried) const {
  if (!isa<ir::ArgmaxWindowOp>(anchor))
    return carried[0];
  llvm::Type *type =
      registerType(builder.getContext(), getElementTypeOrSelf(anchor->getResult(0).getType()));
  return builder.CreateTrunc(carried[1], llvm::FixedVectorType::get(type, lanes));
}

} // namespace lamina::codegen
