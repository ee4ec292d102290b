#include "ir/operations/term.h"

using namespace mlir;

namespace lamina::ir {
namespace {

Attribute scalarAttribute(Type element, double value) {
  if (auto type = dyn_cast<FloatType>(element))
    return FloatAttr::get(type, value);
  return IntegerAttr::get(element, static_cast<int64_t>(value));
}

} // namespace

Value splat(OpBuilder &builder, Location loc, Type type, double value) {
  auto tensor = cast<RankedTensorType>(type);
  Type element = tensor.getElementType();
  auto constant = [&](RankedTensorType of) -> Value {
    return builder.create<ConstantOp>(loc,
                                      DenseElementsAttr::get(of, scalarAttribute(element, value)));
  };
  if (tensor.hasStaticShape())
    return constant(tensor);
  Value scalar = constant(RankedTensorType::get({}, element));
  return builder.create<BroadcastInDimOp>(loc, type, scalar, ArrayRef<int64_t>{});
}

} // namespace lamina::ir
