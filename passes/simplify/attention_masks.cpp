#include "passes/simplify/attention_masks.h"

using namespace mlir;

namespace lamina::passes {
namespace {

using Dimensions = llvm::SmallVector<int64_t>;

/// Where a dimension of extent 1 stands that says nothing of the scores.
constexpr int64_t kNowhere = -1;
constexpr int64_t kQueries = 2, kKeys = 3;

ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// The dimensions of what a broadcast repeats.
Dimensions before(ir::BroadcastInDimOp op, ArrayRef<int64_t> dimensions) {
  Dimensions result;
  for (auto [size, to] : llvm::zip_equal(shapeOf(op.getOperand()), op.getBroadcastDimensions()))
    result.push_back(size == shapeOf(op)[to] ? dimensions[to] : kNowhere);
  return result;
}

/// Those of the operand of a reshape that adds or removes dimensions of extent 1 alone; nothing for
/// another one.
std::optional<Dimensions> before(ir::ReshapeOp op, ArrayRef<int64_t> dimensions) {
  Dimensions result, known;
  llvm::SmallVector<int64_t> extents;
  for (auto [size, dimension] : llvm::zip_equal(shapeOf(op), dimensions))
    if (size != 1) {
      extents.push_back(size);
      known.push_back(dimension);
    }
  size_t next = 0;
  for (int64_t size : shapeOf(op.getOperand())) {
    if (size == 1) {
      result.push_back(kNowhere);
      continue;
    }
    if (next == extents.size() || extents[next] != size)
      return std::nullopt;
    result.push_back(known[next++]);
  }
  return next == extents.size() ? std::optional(result) : std::nullopt;
}

/// The score's dimension whose steps `value` counts; nothing where it counts none.
std::optional<int64_t> countedDimension(Value value, ArrayRef<int64_t> dimensions) {
  auto iota = value.getDefiningOp<ir::IotaOp>();
  return iota ? std::optional(dimensions[iota.getDimension()]) : std::nullopt;
}

/// Whether it compares steps so that keys behind the query are left out.
bool isCausal(ir::CompareOp op, ArrayRef<int64_t> dimensions) {
  auto lhs = countedDimension(op.getLhs(), dimensions);
  auto rhs = countedDimension(op.getRhs(), dimensions);
  return (op.getDirection() == ir::ComparisonDirection::LE && lhs == kKeys && rhs == kQueries) ||
         (op.getDirection() == ir::ComparisonDirection::GE && lhs == kQueries && rhs == kKeys);
}

/// A mask of rank 4, dimensions in the order of the scores.
Value makeMask(OpBuilder &builder, Value value, ArrayRef<int64_t> dimensions) {
  llvm::SmallVector<int64_t> shape(4, 1), order;
  Dimensions kept;
  for (auto [index, dimension] : llvm::enumerate(dimensions))
    if (dimension != kNowhere) {
      shape[dimension] = shapeOf(value)[index];
      kept.push_back(dimension);
    }
  Location loc = value.getLoc();
  if (!llvm::is_sorted(kept)) {
    llvm::SmallVector<int64_t> permutation =
        llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(dimensions.size())));
    llvm::stable_sort(permutation,
                      [&](int64_t a, int64_t b) { return dimensions[a] < dimensions[b]; });
    value = builder.create<ir::TransposeOp>(loc, value, permutation);
  }
  auto type = RankedTensorType::get(shape, builder.getI1Type());
  return value.getType() == type ? value
                                 : builder.create<ir::ReshapeOp>(loc, type, value).getResult();
}

} // namespace

void addMasks(OpBuilder &builder, Value predicate, ArrayRef<int64_t> dimensions,
              AttentionMasks &masks) {
  if (auto op = predicate.getDefiningOp<ir::AndOp>()) {
    addMasks(builder, op.getLhs(), dimensions, masks);
    return addMasks(builder, op.getRhs(), dimensions, masks);
  }
  if (auto op = predicate.getDefiningOp<ir::BroadcastInDimOp>())
    return addMasks(builder, op.getOperand(), before(op, dimensions), masks);
  if (auto op = predicate.getDefiningOp<ir::ReshapeOp>())
    if (auto inner = before(op, dimensions))
      return addMasks(builder, op.getOperand(), *inner, masks);
  if (auto op = predicate.getDefiningOp<ir::CompareOp>(); op && isCausal(op, dimensions)) {
    masks.isCausal = true;
    return;
  }
  masks.masks.push_back(makeMask(builder, predicate, dimensions));
}

} // namespace lamina::passes
