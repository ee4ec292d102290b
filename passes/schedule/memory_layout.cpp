#include "passes/schedule/memory_layout.h"

#include "passes/memory/plan.h"

using namespace mlir;

namespace lamina::passes {

int64_t panelWidth(Type element) {
  constexpr int64_t kPanelBits = 512;
  return kPanelBits / element.getIntOrFloatBitWidth();
}

MemoryLayout MemoryLayout::make(RankedTensorType type, ir::PackedAttr packed, int64_t batchSize) {
  MemoryLayout layout{type, SmallVector<int64_t>(type.getRank()), packed};
  int64_t stride = 1;
  for (int64_t d = type.getRank() - 1; d >= 0; --d) {
    layout.strides[d] = stride;
    stride *= type.isDynamicDim(d) ? batchSize : type.getDimSize(d);
  }
  return layout;
}

bool MemoryLayout::stridesReadBatchSize(RankedTensorType type) {
  return type.getRank() > 0 && llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic);
}

std::optional<int64_t> MemoryLayout::strideOf(int64_t dimension) const {
  if (!packed)
    return strides[dimension];
  if (dimension == packed.getDimension() || !keepsLines())
    return std::nullopt;
  int64_t stride = packed.getWidth();
  for (int64_t d = dimension + 1; d < type.getRank(); ++d)
    stride *= d == packed.getDimension() ? 1 : type.getDimSize(d);
  return stride;
}

std::optional<int64_t> MemoryLayout::strideOfMerged(ArrayRef<int64_t> dimensions) const {
  if (dimensions.empty())
    return 0;
  std::optional<int64_t> stride = strideOf(dimensions.back()), inner = stride;
  for (size_t i = dimensions.size() - 1; inner && i > 0; --i) {
    int64_t extent = type.getDimSize(dimensions[i]);
    std::optional<int64_t> next = strideOf(dimensions[i - 1]);
    if (ShapedType::isDynamic(extent) || !next || *next != *inner * extent)
      return std::nullopt;
    inner = next;
  }
  return stride;
}

std::optional<MemoryLayout> findOperandLayout(ir::KernelOp kernel, Value operand,
                                              int64_t batchSize) {
  auto reshape = operand.getDefiningOp<ir::ReshapeOp>();
  auto argument = dyn_cast<BlockArgument>(reshape ? reshape.getOperand() : operand);
  if (!argument || argument.getOwner() != &kernel.getBlock())
    return std::nullopt;
  ir::PackedAttr packed = layoutOf(kernel.getInputs()[argument.getArgNumber()]);
  if (reshape && packed)
    return std::nullopt;
  return MemoryLayout::make(cast<RankedTensorType>(operand.getType()), packed, batchSize);
}

} // namespace lamina::passes
