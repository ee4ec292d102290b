// Loops without what nobody needs: values that do not change are invariant, results that the loop
// does not make are not its own, and what leads to no result is left out.
#include "ir/operations/scan.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {
namespace {

Block &bodyOf(ScanOp scan) {
  return scan.getBlock();
}

/// Constants are made inside of the body, where they fold.
struct MoveConstantsInside : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [operand, argument] : llvm::zip(scan.getInvariant(), scan.getInvariantArguments())) {
      Attribute value;
      if (argument.use_empty() || !matchPattern(operand, m_Constant(&value)))
        continue;
      rewriter.setInsertionPointToStart(&bodyOf(scan));
      Value inside = rewriter.clone(*operand.getDefiningOp())->getResult(0);
      rewriter.replaceAllUsesWith(argument, inside);
      changed = true;
    }
    return success(changed);
  }
};

/// Stacked results that are known without the loop: the slices of a stacked operand, an invariant
/// or a constant again and again.
struct ReplaceKnownStacks : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (auto [slice, result] : llvm::zip(scan.getStackedSlices(), scan.getStackedResults()))
      if (Value known = result.use_empty() ? Value() : findStack(scan, slice, rewriter)) {
        rewriter.replaceAllUsesWith(result, known);
        changed = true;
      }
    return success(changed);
  }

private:
  static Value repeat(ScanOp scan, Value value, PatternRewriter &rewriter) {
    RankedTensorType type = getStackedType(value, static_cast<int64_t>(scan.getTrips()));
    return rewriter.create<BroadcastInDimOp>(
        scan.getLoc(), type, value, llvm::to_vector(llvm::seq<int64_t>(1, type.getRank())));
  }

  /// A value outside that has `slice` of all iterations; null when there is none.
  static Value findStack(ScanOp scan, Value slice, PatternRewriter &rewriter) {
    rewriter.setInsertionPoint(scan);
    if (auto constant = slice.getDefiningOp<ConstantOp>())
      return repeat(scan, rewriter.clone(*constant)->getResult(0), rewriter);
    auto argument = dyn_cast<BlockArgument>(slice);
    size_t own = scan.getCarried().size();
    if (!argument || argument.getArgNumber() < own)
      return nullptr;
    Value operand = scan->getOperand(argument.getArgNumber());
    if (argument.getArgNumber() < own + scan.getStacked().size())
      return operand;
    return repeat(scan, operand, rewriter);
  }
};

/// Slices that are all the same, of an operand that repeats them, are invariant.
struct TakeRepeatedSlices : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (unsigned index = 0; index < scan.getStacked().size(); ++index) {
      BlockArgument slice = scan.getSliceArguments()[index];
      auto repeated = scan.getStacked()[index].getDefiningOp<BroadcastInDimOp>();
      if (slice.use_empty() || !repeated ||
          llvm::is_contained(repeated.getBroadcastDimensions(), 0))
        continue;
      BlockArgument source;
      rewriter.modifyOpInPlace(scan,
                               [&] { source = scan.addAliasedOperand(repeated.getOperand()); });
      llvm::SmallVector<int64_t> dimensions;
      for (int64_t dimension : repeated.getBroadcastDimensions())
        dimensions.push_back(dimension - 1);
      rewriter.setInsertionPointToStart(&bodyOf(scan));
      rewriter.replaceAllUsesWith(slice, rewriter.create<BroadcastInDimOp>(
                                             scan.getLoc(), slice.getType(), source, dimensions));
      changed = true;
    }
    return success(changed);
  }
};

/// Values of one stacked result twice, or one operand given twice.
struct MergeEqual : OpRewritePattern<ScanOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    bool changed = false;
    auto merge = [&](auto keys, auto values) {
      llvm::SmallDenseMap<Value, Value> first;
      for (auto [key, value] : llvm::zip(keys, values)) {
        auto [entry, isNew] = first.try_emplace(key, value);
        if (isNew || Value(value).use_empty())
          continue;
        rewriter.replaceAllUsesWith(Value(value), entry->second);
        changed = true;
      }
    };
    merge(scan.getStackedSlices(), scan.getStackedResults());
    merge(scan.getStacked(), scan.getSliceArguments());
    merge(scan.getInvariant(), scan.getInvariantArguments());
    return success(changed);
  }
};

/// Leaves out operands that the body does not read, results that nobody reads, and carried values
/// that lead to no result; carried values that no iteration changes become invariant.
class DropUnneeded : public OpRewritePattern<ScanOp> {
public:
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScanOp scan, PatternRewriter &rewriter) const override {
    Parts kept = findNeeded(scan);
    if (kept.all() || scan.use_empty())
      return failure();
    ScanOperands operands;
    operands.trips = static_cast<int64_t>(scan.getTrips());
    auto body = std::make_unique<Region>();
    Block &target = body->emplaceBlock();
    IRMapping mapping;
    auto take = [&](BlockArgument argument, llvm::SmallVector<Value> &list) {
      list.push_back(scan->getOperand(argument.getArgNumber()));
      mapping.map(argument, target.addArgument(argument.getType(), argument.getLoc()));
    };
    for (auto [index, argument] : llvm::enumerate(scan.getCarriedArguments()))
      if (kept.carried[index])
        take(argument, operands.carried);
    for (auto [index, argument] : llvm::enumerate(scan.getSliceArguments()))
      if (kept.slices[index])
        take(argument, operands.stacked);
    for (auto [index, argument] : llvm::enumerate(scan.getInvariantArguments()))
      if (kept.invariant[index])
        take(argument, operands.invariant);
    for (auto [index, argument] : llvm::enumerate(scan.getCarriedArguments()))
      if (!kept.carried[index] && kept.unchanged[index])
        take(argument, operands.invariant);
    fillBody(scan, kept, target, mapping);
    ScanOp made = createScan(rewriter, scan.getLoc(), operands, std::move(body), scan.getReverse());
    replace(scan, kept, made, rewriter);
    return success();
  }

private:
  struct Parts {
    llvm::SmallBitVector carried, slices, invariant, results;
    /// Carried values that are read but do not change.
    llvm::SmallBitVector unchanged;
    llvm::DenseSet<Operation *> operations;

    bool all() const { return carried.all() && slices.all() && invariant.all() && results.all(); }
  };

  /// Goes back from the results that are read.
  static Parts findNeeded(ScanOp scan) {
    size_t count = scan.getCarried().size();
    Parts parts{llvm::SmallBitVector(count),
                llvm::SmallBitVector(scan.getStacked().size()),
                llvm::SmallBitVector(scan.getInvariant().size()),
                llvm::SmallBitVector(scan.getStackedResults().size()),
                llvm::SmallBitVector(count),
                {}};
    llvm::SmallVector<Value> work;
    auto needCarried = [&](size_t index) {
      Value next = scan.getNextCarried()[index];
      if (next == scan.getCarriedArguments()[index]) {
        parts.unchanged.set(index);
      } else if (!parts.carried[index]) {
        parts.carried.set(index);
        work.push_back(next);
      }
    };
    for (auto [index, result] : llvm::enumerate(scan.getFinalCarried()))
      if (!result.use_empty())
        needCarried(index);
    for (auto [index, result] : llvm::enumerate(scan.getStackedResults()))
      if (!result.use_empty()) {
        parts.results.set(index);
        work.push_back(scan.getStackedSlices()[index]);
      }
    while (!work.empty()) {
      Value value = work.pop_back_val();
      auto argument = dyn_cast<BlockArgument>(value);
      if (!argument) {
        if (parts.operations.insert(value.getDefiningOp()).second)
          llvm::append_range(work, value.getDefiningOp()->getOperands());
      } else if (size_t index = argument.getArgNumber(); index < count) {
        needCarried(index);
      } else if (index -= count; index < parts.slices.size()) {
        parts.slices.set(index);
      } else {
        parts.invariant.set(index - parts.slices.size());
      }
    }
    return parts;
  }

  static void fillBody(ScanOp scan, const Parts &kept, Block &target, IRMapping &mapping) {
    OpBuilder inside(scan.getContext());
    inside.setInsertionPointToEnd(&target);
    for (Operation &op : bodyOf(scan).without_terminator())
      if (kept.operations.contains(&op))
        inside.clone(op, mapping);
    llvm::SmallVector<Value> yielded;
    for (auto [index, next] : llvm::enumerate(scan.getNextCarried()))
      if (kept.carried[index])
        yielded.push_back(mapping.lookup(next));
    for (auto [index, slice] : llvm::enumerate(scan.getStackedSlices()))
      if (kept.results[index])
        yielded.push_back(mapping.lookup(slice));
    inside.create<YieldOp>(scan.getLoc(), yielded);
  }

  static void replace(ScanOp scan, const Parts &kept, ScanOp made, PatternRewriter &rewriter) {
    size_t next = 0;
    for (auto [index, result] : llvm::enumerate(scan.getFinalCarried()))
      if (kept.carried[index])
        rewriter.replaceAllUsesWith(result, made.getResult(next++));
      else if (!result.use_empty()) // unchanged
        rewriter.replaceAllUsesWith(result, scan.getCarried()[index]);
    for (auto [index, result] : llvm::enumerate(scan.getStackedResults()))
      if (kept.results[index])
        rewriter.replaceAllUsesWith(result, made.getResult(next++));
    rewriter.eraseOp(scan);
  }
};

} // namespace

void populateScanPatterns(RewritePatternSet &patterns) {
  patterns
      .add<MoveConstantsInside, ReplaceKnownStacks, TakeRepeatedSlices, MergeEqual, DropUnneeded>(
          patterns.getContext());
}

} // namespace lamina::passes
