#include "passes/fusion/line_sums.h"

#include "ir/operations/term.h"
#include "mlir/IR/Builders.h"
#include "passes/fusion/fusion_rules.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// In shorter lines the sums are much beside the elements.
constexpr int64_t kLeastLineLength = 4;

/// Elements of a line of the images that `reduce` sums up over rows and all axes; 0 where it does
/// something else, or where lines are too short or too long.
int64_t lineLengthOf(ir::ReduceOp reduce) {
  RankedTensorType type = reduce.getOperand().getType();
  int64_t rank = type.getRank();
  if (reduce.getKind() != ir::ReductionKind::add || rank < 3 ||
      !isa<FloatType>(type.getElementType()) ||
      static_cast<int64_t>(reduce.getDimensions().size()) != rank - 1 ||
      llvm::is_contained(reduce.getDimensions(), rank - 1))
    return 0;
  int64_t length = type.getDimSize(rank - 2);
  bool fits =
      !ShapedType::isDynamic(length) && length >= kLeastLineLength && length <= kMostLineLength;
  return fits ? length : 0;
}

/// The sums of all lines.
Value sumLines(OpBuilder &builder, Location loc, Value images) {
  int64_t line = cast<RankedTensorType>(images.getType()).getRank() - 2;
  return builder.create<ir::ReduceOp>(loc, images, ir::ReductionKind::add, ArrayRef<int64_t>{line});
}

/// What the lines' values `lines` give together.
Value sumOverLines(OpBuilder &builder, Location loc, Value lines) {
  int64_t kept = cast<RankedTensorType>(lines.getType()).getRank() - 1;
  return builder.create<ir::ReduceOp>(loc, lines, ir::ReductionKind::add,
                                      llvm::to_vector(llvm::seq<int64_t>(0, kept)));
}

Value broadcast(OpBuilder &builder, Location loc, Value value, RankedTensorType type,
                ArrayRef<int64_t> dimensions) {
  return builder.create<ir::BroadcastInDimOp>(loc, type, value, dimensions);
}

/// A sum over images of (x - center)^2, where every channel has its center.
struct SquaredDistances {
  Value images, center;
};

std::optional<SquaredDistances> matchSquaredDistances(ir::ReduceOp reduce) {
  auto square = reduce.getOperand().getDefiningOp<ir::MultiplyOp>();
  auto difference = square && square.getLhs() == square.getRhs()
                        ? square.getLhs().getDefiningOp<ir::SubtractOp>()
                        : nullptr;
  auto repeated = difference ? difference.getRhs().getDefiningOp<ir::BroadcastInDimOp>() : nullptr;
  if (!repeated || repeated.getOperand().getType().getRank() != 1 ||
      repeated.getBroadcastDimensions()[0] + 1 != repeated.getType().getRank() ||
      repeated.getOperand().getType().getDimSize(0) != repeated.getType().getShape().back())
    return std::nullopt;
  return SquaredDistances{difference.getLhs(), repeated.getOperand()};
}

/// The sums over the same dimensions of the images themselves: one is what the center is made of.
/// Those that are sums of squared distances from something else stay.
llvm::SmallVector<ir::ReduceOp> findTotals(Value images, ir::ReduceOp reduce) {
  llvm::SmallVector<ir::ReduceOp> totals;
  for (Operation *user : images.getUsers())
    if (auto total = dyn_cast<ir::ReduceOp>(user);
        total && total.getKind() == ir::ReductionKind::add &&
        total.getDimensions() == reduce.getDimensions() && !matchSquaredDistances(total))
      totals.push_back(total);
  return totals;
}

void replace(ir::ReduceOp reduce, Value value) {
  reduce.replaceAllUsesWith(value);
  reduce.erase();
}

/// sum (x - c)^2 = sum over lines of (sum (x - m)^2 + length * (m - c)^2), where m is the line's
/// mean.
void rewriteVariance(ir::ReduceOp reduce, const SquaredDistances &distances,
                     ArrayRef<ir::ReduceOp> totals) {
  Location loc = reduce.getLoc();
  Value images = distances.images;
  auto type = cast<RankedTensorType>(images.getType());
  int64_t length = lineLengthOf(reduce), rank = type.getRank();
  // The total comes first: the center needs it.
  OpBuilder builder(reduce.getContext());
  builder.setInsertionPointAfterValue(images);
  Value sums = sumLines(builder, loc, images);
  auto lineType = cast<RankedTensorType>(sums.getType());
  Value mean = builder.create<ir::MultiplyOp>(
      loc, sums, ir::splat(builder, loc, lineType, 1.0 / static_cast<double>(length)));
  auto dimensions = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  dimensions.erase(dimensions.end() - 2);
  Value apart =
      builder.create<ir::SubtractOp>(loc, images, broadcast(builder, loc, mean, type, dimensions));
  Value within = sumLines(builder, loc, builder.create<ir::MultiplyOp>(loc, apart, apart));
  Value total = sumOverLines(builder, loc, sums);
  for (ir::ReduceOp other : totals)
    replace(other, total);

  builder.setInsertionPoint(reduce);
  Value distance = builder.create<ir::SubtractOp>(
      loc, mean, broadcast(builder, loc, distances.center, lineType, {rank - 2}));
  Value scaled = builder.create<ir::MultiplyOp>(
      loc, distance, ir::splat(builder, loc, lineType, static_cast<double>(length)));
  Value lines = builder.create<ir::FmaOp>(loc, scaled, distance, within);
  replace(reduce, sumOverLines(builder, loc, lines));
}

/// What comes last of all that elements are computed from elementwise: `image`, an operation that
/// makes all of them, and `repeated`, what makes one that is repeated.
struct Makers {
  Operation *image = nullptr, *repeated = nullptr;

  explicit Makers(Value elements) {
    llvm::SmallSetVector<Value, 16> values;
    values.insert(elements);
    for (size_t i = 0; i < values.size(); ++i) {
      Operation *op = values[i].getDefiningOp();
      if (!op)
        continue;
      if (auto broadcast = dyn_cast<ir::BroadcastInDimOp>(op)) {
        if (broadcast.getOperand().getType().getRank() > 0)
          keepLater(repeated, broadcast.getOperand().getDefiningOp());
      } else if (!isElementwise(op)) {
        keepLater(image, op);
      } else {
        for (Value operand : op->getOperands())
          if (shapeOf(operand) == shapeOf(values[i]))
            values.insert(operand);
      }
    }
  }

private:
  static void keepLater(Operation *&last, Operation *op) {
    if (op && (!last || last->isBeforeInBlock(op)))
      last = op;
  }
};

/// Whether those who compute the elements of `reduce` can sum up their lines: a convolution that
/// goes through its images directly, or an elementwise kernel that stores them for others.
bool isSummedByMaker(ir::ReduceOp reduce) {
  Makers makers(reduce.getOperand());
  if (isa_and_nonnull<ir::ConvolutionOp>(makers.image))
    return true;
  Operation *op = reduce.getOperand().getDefiningOp();
  bool follows =
      makers.image && !(makers.repeated && makers.image->isBeforeInBlock(makers.repeated));
  return op && isElementwise(op) && feedsMemoryReader(op) && !follows;
}

} // namespace

bool isLineSum(ir::ReduceOp reduce) {
  RankedTensorType type = reduce.getOperand().getType();
  int64_t line = type.getRank() - 2;
  return reduce.getKind() == ir::ReductionKind::add && line >= 1 &&
         reduce.getDimensions() == ArrayRef<int64_t>{line} &&
         !ShapedType::isDynamic(type.getDimSize(line)) && type.getDimSize(line) <= kMostLineLength;
}

void rewriteVariances(func::FuncOp function) {
  llvm::SmallVector<ir::ReduceOp> variances;
  function.walk([&](ir::ReduceOp reduce) {
    if (lineLengthOf(reduce) > 0 && matchSquaredDistances(reduce))
      variances.push_back(reduce);
  });
  for (ir::ReduceOp reduce : variances) {
    SquaredDistances distances = *matchSquaredDistances(reduce);
    llvm::SmallVector<ir::ReduceOp> totals = findTotals(distances.images, reduce);
    if (!totals.empty())
      rewriteVariance(reduce, distances, totals);
  }
}

bool splitInLines(ir::ReduceOp reduce) {
  if (lineLengthOf(reduce) == 0 || !isSummedByMaker(reduce))
    return false;
  OpBuilder builder(reduce);
  Value lines = sumLines(builder, reduce.getLoc(), reduce.getOperand());
  replace(reduce, sumOverLines(builder, reduce.getLoc(), lines));
  return true;
}

} // namespace lamina::passes
