// Constants and other tensors without operands.
#include "frontend/builder/tensor.h"

#include <cmath>

using namespace mlir;

namespace lamina::frontend::builder {

namespace {

/// `value` rounded to the element type, integers towards zero and not beyond 64 bits.
Attribute toAttribute(Type element, double value) {
  if (auto type = dyn_cast<FloatType>(element))
    return FloatAttr::get(type, value);
  auto whole = static_cast<int64_t>(std::isnan(value) ? 0 : std::clamp(value, -0x1p62, 0x1p62));
  return IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(),
                                         static_cast<uint64_t>(whole), /*isSigned=*/true));
}

} // namespace

Tensor Emitter::constant(Type element, double value) {
  return constant(element, llvm::ArrayRef(value), {});
}

Tensor Emitter::constant(double value) {
  return constant(floatType, value);
}

Tensor Emitter::constant(Type element, ArrayRef<double> values, ArrayRef<int64_t> shape) {
  auto attributes = llvm::map_to_vector(values, [&](double v) { return toAttribute(element, v); });
  auto type = RankedTensorType::get(shape, element);
  return Tensor(*this, create<ir::ConstantOp>(DenseElementsAttr::get(type, attributes)));
}

Tensor Emitter::constant(ArrayRef<double> values, ArrayRef<int64_t> shape) {
  return constant(floatType, values, shape);
}

Tensor Emitter::rows() {
  return Tensor(*this, create<ir::RowsOp>(RankedTensorType::get({}, floatType)));
}

Tensor Emitter::iota(ArrayRef<int64_t> shape, int64_t dimension) {
  auto type = RankedTensorType::get(shape, builder->getI32Type());
  return Tensor(*this, create<ir::IotaOp>(type, builder->getI64IntegerAttr(dimension)));
}

} // namespace lamina::frontend::builder
