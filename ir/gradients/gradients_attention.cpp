// Gradient rule of attention: scores are computed again (Dao et al. 2022).
#include "ir/dialect.h"

using namespace mlir;

namespace lamina::ir {

LogicalResult AttentionOp::buildGradient(OpBuilder &builder, ValueRange results,
                                         SmallVectorImpl<Value> &gradients) {
  if (results[1] || results[2])
    return emitOpError("has no gradient rule for its maximum and its sum");
  auto gradient = builder.create<AttentionGradientOp>(
      getLoc(), getQuery(), getKey(), getValue(), getOutput(), getMaximum(), getSum(), results[0],
      getMasks(), getScaleAttr(), getCausalAttr());
  gradients.append(gradient.result_begin(), gradient.result_end());
  gradients.append(getMasks().size(), Value());
  return success();
}

LogicalResult AttentionGradientOp::buildGradient(OpBuilder &, ValueRange,
                                                 SmallVectorImpl<Value> &) {
  return emitOpError("has no gradient rule: only first derivatives are taken");
}

} // namespace lamina::ir
