#include "passes/families/map_form.h"

#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::passes {

static bool isPointwise(Operation *op) {
  if (auto constant = dyn_cast<ir::ConstantOp>(op))
    return cast<DenseElementsAttr>(constant.getValue()).isSplat();
  if (auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op))
    return broadcast.getOperand().getType().getRank() == 0;
  return op->hasTrait<ir::Elementwise>() || isa<ir::RowsOp>(op);
}

bool isFlat(ir::KernelOp kernel) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(kernel.getResult(0).getType()).getShape();
  if (shape.empty() || llvm::any_of(shape.drop_front(), ShapedType::isDynamic))
    return false;
  ir::PackedAttr layout = layoutOf(kernel.getResult(0));
  auto fits = [&](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    return type.getRank() == 0 || (type.getShape() == shape && layoutOf(value) == layout);
  };
  return llvm::all_of(kernel.getInputs(), fits) && llvm::all_of(kernel.getResults(), fits) &&
         llvm::all_of(kernel.getBlock().without_terminator(),
                      [](Operation &op) { return isPointwise(&op); });
}

llvm::SmallVector<int64_t> findConcatenationCuts(ir::KernelOp kernel) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(kernel.getResult(0).getType()).getShape();
  llvm::SmallVector<int64_t> cuts;
  for (auto op : kernel.getBlock().getOps<ir::ConcatenateOp>()) {
    int64_t end = 0;
    if (op.getType().getShape() != shape ||
        static_cast<int64_t>(op.getDimension()) != op.getType().getRank() - 1)
      continue;
    for (Value operand : op.getOperands())
      cuts.push_back(end += cast<RankedTensorType>(operand.getType()).getShape().back());
  }
  llvm::sort(cuts);
  cuts.erase(llvm::unique(cuts), cuts.end());
  return cuts;
}

} // namespace lamina::passes
