#include "codegen/math/math_builder.h"

namespace lamina::codegen {

MathBuilder::MathBuilder(llvm::IRBuilderBase &builder, const MathContext &context, llvm::Type *type)
    : b_(builder), flags_(builder), context_(context), type_(type) {
  if (!isF32() && !type->getScalarType()->isDoubleTy())
    llvm::report_fatal_error("functions are computed in f32 and f64 alone");
  b_.clearFastMathFlags();
  llvm::Type *element = b_.getIntNTy(isF32() ? 32 : 64);
  bitsType_ = element;
  if (auto *vector = llvm::dyn_cast<llvm::VectorType>(type))
    bitsType_ = llvm::VectorType::get(element, vector->getElementCount());
}

llvm::Value *MathBuilder::constant(double value) const {
  return llvm::ConstantFP::get(type_, value);
}

llvm::Value *MathBuilder::infinity() const {
  return llvm::ConstantFP::getInfinity(type_);
}

llvm::Value *MathBuilder::nan() const {
  return llvm::ConstantFP::getQNaN(type_);
}

llvm::Value *MathBuilder::fma(Value *x, Value *y, Value *z) {
  if (context_.hasFma)
    return b_.CreateIntrinsic(llvm::Intrinsic::fma, {type_}, {x, y, z});
  return add(mul(x, y), z);
}

llvm::Value *MathBuilder::polynomial(std::span<const double> c, Value *x) {
  Value *sum = constant(c.back());
  for (size_t i = c.size() - 1; i-- > 0;)
    sum = fma(sum, x, constant(c[i]));
  return sum;
}

llvm::Value *MathBuilder::copySign(Value *magnitude, Value *sign) {
  return b_.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, magnitude, sign);
}

llvm::Value *MathBuilder::orSign(Value *x, Value *sign) {
  return fromBits(b_.CreateOr(bits(x), b_.CreateAnd(bits(sign), signMask())));
}

} // namespace lamina::codegen
