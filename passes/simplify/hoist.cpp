// Work that a loop need not repeat, or can do for all iterations at once, in front of it or behind
// it: contractions of weights with what is known of all iterations are one large contraction.
#include "ir/operations/scan.h"
#include "mlir/IR/IRMapping.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {
namespace {

/// What the values of a body depend on.
enum class Dependence {
  Nothing,   ///< constants and numbers of elements
  Invariant, ///< what is the same in all iterations
  Slices,    ///< slices of operands, so that the values of all iterations are known before the loop
  Iterations ///< iterations before, or something that is not computed for all of them at once
};

/// The values of a body as they are outside of the loop.
class Outside {
public:
  Outside(ScanOp scan, OpBuilder &builder) : scan(scan), builder(builder) { classify(); }

  Dependence dependenceOf(Value value) const { return dependences.lookup(value); }
  bool isStacked(Value value) const { return dependenceOf(value) == Dependence::Slices; }

  /// The value, built in front of the loop; a stack of those of all iterations where they differ.
  Value build(Value value) {
    if (Value built = values.lookup(value))
      return built;
    Operation *op = value.getDefiningOp();
    Value built = isStacked(value) ? buildStack(op) : buildSame(op);
    values[value] = built;
    return built;
  }

  /// The contraction of these values outside for the one of a body, of which one is a stack.
  Value contract(DotGeneralOp dot, Value lhs, Value rhs, bool isLhsStacked) {
    auto shifted = [](ArrayRef<int64_t> dimensions, bool isStack) {
      return llvm::map_to_vector(dimensions, [=](int64_t d) { return d + (isStack ? 1 : 0); });
    };
    ArrayRef<int64_t> none;
    Value result =
        builder.create<DotGeneralOp>(dot.getLoc(), lhs, rhs, none, none,
                                     shifted(dot.getLhsContractingDimensions(), isLhsStacked),
                                     shifted(dot.getRhsContractingDimensions(), !isLhsStacked));
    if (isLhsStacked)
      return result;
    // Time comes behind the dimensions of the left operand.
    auto time = static_cast<int64_t>(dot.getLhsFreeDimensions().size());
    llvm::SmallVector<int64_t> order = {time};
    for (int64_t i = 0; i < cast<RankedTensorType>(result.getType()).getRank(); ++i)
      if (i != time)
        order.push_back(i);
    return time == 0 ? result : builder.create<TransposeOp>(dot.getLoc(), result, order);
  }

private:
  void classify() {
    for (BlockArgument argument : scan.getCarriedArguments())
      dependences[argument] = Dependence::Iterations;
    for (auto [argument, operand] : llvm::zip(scan.getSliceArguments(), scan.getStacked())) {
      dependences[argument] = Dependence::Slices;
      values[argument] = operand;
    }
    for (auto [argument, operand] : llvm::zip(scan.getInvariantArguments(), scan.getInvariant())) {
      dependences[argument] = Dependence::Invariant;
      values[argument] = operand;
    }
    for (Operation &op : scan.getBlock().without_terminator())
      for (Value result : op.getResults())
        dependences[result] = dependenceOf(&op);
  }

  Dependence dependenceOf(Operation *op) const {
    auto strongest = Dependence::Nothing;
    for (Value operand : op->getOperands())
      strongest = std::max(strongest, dependenceOf(operand));
    bool isPlain = op->getNumRegions() == 0 && op->getNumResults() == 1;
    if (!isPlain || (strongest == Dependence::Slices && !hasStack(op)))
      return Dependence::Iterations;
    return strongest;
  }

  /// Whether there is an operation for the values of all iterations.
  bool hasStack(Operation *op) const {
    if (auto dot = dyn_cast<DotGeneralOp>(op))
      return dot.getLhsBatchingDimensions().empty() &&
             isStacked(dot.getLhs()) != isStacked(dot.getRhs());
    return op->hasTrait<Elementwise>() || isa<BroadcastInDimOp, ReduceOp, TransposeOp>(op);
  }

  Value buildSame(Operation *op) {
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, build(operand));
    return builder.clone(*op, mapping)->getResult(0);
  }

  Value buildStack(Operation *op) {
    if (auto dot = dyn_cast<DotGeneralOp>(op)) {
      Value lhs = build(dot.getLhs()), rhs = build(dot.getRhs());
      return contract(dot, lhs, rhs, isStacked(dot.getLhs()));
    }
    auto type = getStackedType(op->getResult(0), static_cast<int64_t>(scan.getTrips()));
    if (auto broadcast = dyn_cast<BroadcastInDimOp>(op)) {
      return builder.create<BroadcastInDimOp>(op->getLoc(), type, build(broadcast.getOperand()),
                                              behindTime(broadcast.getBroadcastDimensions()));
    }
    if (auto transpose = dyn_cast<TransposeOp>(op))
      return builder.create<TransposeOp>(op->getLoc(), build(transpose.getOperand()),
                                         behindTime(transpose.getPermutation()));
    if (auto reduce = dyn_cast<ReduceOp>(op)) {
      auto dimensions =
          llvm::map_to_vector(reduce.getDimensions(), [](int64_t d) { return d + 1; });
      return builder.create<ReduceOp>(op->getLoc(), build(reduce.getOperand()), reduce.getKind(),
                                      dimensions);
    }
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, buildStackOf(operand));
    Value stack = builder.clone(*op, mapping)->getResult(0);
    stack.setType(type);
    return stack;
  }

  /// Dimensions of a slice as those of a stack, whose first one is time.
  static llvm::SmallVector<int64_t> behindTime(ArrayRef<int64_t> dimensions) {
    llvm::SmallVector<int64_t> behind = {0};
    for (int64_t dimension : dimensions)
      behind.push_back(dimension + 1);
    return behind;
  }

  /// Of a value that may be the same in all iterations.
  Value buildStackOf(Value value) {
    Value built = build(value);
    if (isStacked(value))
      return built;
    auto type = getStackedType(value, static_cast<int64_t>(scan.getTrips()));
    return builder.create<BroadcastInDimOp>(scan.getLoc(), type, built,
                                            llvm::to_vector(llvm::seq<int64_t>(1, type.getRank())));
  }

  ScanOp scan;
  OpBuilder &builder;
  llvm::DenseMap<Value, Dependence> dependences;
  llvm::DenseMap<Value, Value> values;
};

/// A value of a body, and the one outside that takes its place.
struct Hoisted {
  Value inside, outside;
  bool isStacked;
};

/// The loop with values from outside in the places of some of its body's, and further stacked
/// results of `yielded`. Its results take the places of those of `scan`.
ScanOp rebuild(ScanOp scan, ArrayRef<Hoisted> hoisted, ArrayRef<Value> yielded,
               PatternRewriter &rewriter) {
  auto body = std::make_unique<Region>();
  IRMapping mapping;
  scan.getBody().cloneInto(body.get(), mapping);
  Block &block = body->front();
  ScanOperands operands = operandsOf(scan);
  for (const Hoisted &value : hoisted) {
    size_t place = operands.carried.size() + operands.stacked.size();
    auto &list = value.isStacked ? operands.stacked : operands.invariant;
    list.push_back(value.outside);
    Value inside = mapping.lookup(value.inside);
    BlockArgument argument = value.isStacked
                                 ? block.insertArgument(place, inside.getType(), inside.getLoc())
                                 : block.addArgument(inside.getType(), inside.getLoc());
    inside.replaceAllUsesWith(argument);
  }
  for (Value value : yielded) {
    Operation *yield = block.getTerminator();
    yield->insertOperands(yield->getNumOperands(), mapping.lookup(value));
  }
  ScanOp made = createScan(rewriter, scan.getLoc(), operands, std::move(body), scan.getReverse());
  for (auto [result, other] : llvm::zip(scan.getResults(), made.getResults()))
    rewriter.replaceAllUsesWith(result, other);
  rewriter.eraseOp(scan);
  return made;
}

/// Contractions whose operands are known before the loop, and what is the same in all iterations,
/// are computed in front of it.
class HoistFromLoop : public OpRewritePattern<ScanOp> {
public:
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    rewriter.setInsertionPoint(scan);
    Outside outside(scan, rewriter);
    llvm::SmallVector<Hoisted> hoisted;
    for (Operation &op : scan.getBlock().without_terminator())
      if (isWanted(&op, outside)) {
        Value inside = op.getResult(0);
        hoisted.push_back({inside, outside.build(inside), outside.isStacked(inside)});
      }
    if (hoisted.empty())
      return failure();
    rebuild(scan, hoisted, {}, rewriter);
    return success();
  }

private:
  /// What only moves or repeats elements costs little where it is read.
  static bool isWork(Operation *op, const Outside &outside) {
    return outside.dependenceOf(op->getResult(0)) == Dependence::Invariant &&
           (op->hasTrait<Elementwise>() || isa<DotGeneralOp, ReduceOp>(op));
  }

  static bool isWanted(Operation *op, const Outside &outside) {
    if (op->getNumResults() != 1 || op->use_empty())
      return false;
    if (isa<DotGeneralOp>(op) && outside.isStacked(op->getResult(0)))
      return true;
    // Those that others outside read need not come inside.
    return isWork(op, outside) && llvm::any_of(op->getUsers(), [&](Operation *user) {
             return user->getNumResults() != 1 || !isWork(user, outside);
           });
  }
};

/// A contraction of a weight that only a stacked result reads is one contraction of all iterations'
/// behind the loop.
class SinkBehindLoop : public OpRewritePattern<ScanOp> {
public:
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    rewriter.setInsertionPoint(scan);
    Outside outside(scan, rewriter);
    for (auto [index, slice] : llvm::enumerate(scan.getStackedSlices()))
      if (auto dot = slice.getDefiningOp<DotGeneralOp>();
          dot && dot->hasOneUse() && !scan.getStackedResults()[index].use_empty() &&
          isOfOneWeight(dot, outside)) {
        sink(scan, dot, index, outside, rewriter);
        return success();
      }
    return failure();
  }

private:
  /// Also, the operand that changes must not take more memory than the result.
  static bool isOfOneWeight(DotGeneralOp dot, const Outside &outside) {
    bool isLhs = outside.dependenceOf(dot.getRhs()) == Dependence::Invariant;
    Value changing = isLhs ? dot.getLhs() : dot.getRhs();
    Value same = isLhs ? dot.getRhs() : dot.getLhs();
    return dot.getLhsBatchingDimensions().empty() &&
           outside.dependenceOf(same) == Dependence::Invariant &&
           outside.dependenceOf(changing) == Dependence::Iterations &&
           (llvm::any_of(changing.getUsers(), [](Operation *user) { return isa<YieldOp>(user); }) ||
            countElements(changing) <= countElements(dot));
  }

  /// Rows count once.
  static int64_t countElements(Value value) {
    int64_t count = 1;
    for (int64_t extent : cast<RankedTensorType>(value.getType()).getShape())
      count *= ShapedType::isDynamic(extent) ? 1 : extent;
    return count;
  }

  static void sink(ScanOp scan, DotGeneralOp dot, size_t index, Outside &outside,
                   PatternRewriter &rewriter) {
    bool isLhs = outside.dependenceOf(dot.getRhs()) == Dependence::Invariant;
    Value weight = outside.build(isLhs ? dot.getRhs() : dot.getLhs());
    Value changing = isLhs ? dot.getLhs() : dot.getRhs();
    size_t result = scan.getCarried().size() + index;
    ScanOp made = rebuild(scan, {}, {changing}, rewriter);
    rewriter.setInsertionPointAfter(made);
    Value stack = made.getResults().back();
    auto inside = made.getStackedSlices()[index].getDefiningOp<DotGeneralOp>();
    Value all = isLhs ? outside.contract(inside, stack, weight, true)
                      : outside.contract(inside, weight, stack, false);
    rewriter.replaceAllUsesWith(made.getResult(result), all);
  }
};

/// A loop that carries nothing from iteration to iteration does not make those of its results whose
/// values of all iterations can be computed at once.
struct ComputeStacksAtOnce : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    if (!scan.getCarried().empty())
      return failure();
    rewriter.setInsertionPoint(scan);
    Outside outside(scan, rewriter);
    bool changed = false;
    for (auto [slice, result] : llvm::zip(scan.getStackedSlices(), scan.getStackedResults()))
      if (!result.use_empty() && outside.isStacked(slice)) {
        rewriter.replaceAllUsesWith(result, outside.build(slice));
        changed = true;
      }
    return success(changed);
  }
};

} // namespace

void populateHoistPatterns(RewritePatternSet &patterns) {
  patterns.add<HoistFromLoop, SinkBehindLoop, ComputeStacksAtOnce>(patterns.getContext());
}

} // namespace lamina::passes
