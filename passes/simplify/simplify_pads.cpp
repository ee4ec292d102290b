// Sums of tensors that zeros surround, where they do not overlap: one tensor after another. The
// gradient of an operand that was cut into slices (the gates of a recurrent cell) is such a sum.
#include "ir/operations/term.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {
namespace {

/// A tensor with zeros before and after it along one dimension.
struct Part {
  Value value;
  int64_t dimension, begin, end;
};

std::optional<Part> matchPart(Value value) {
  auto pad = value.getDefiningOp<PadOp>();
  if (!pad || matchSplat(pad.getPaddingValue()) != 0.0)
    return std::nullopt;
  std::optional<Part> part;
  for (int64_t d = 0; d < pad.getType().getRank(); ++d) {
    if (pad.getInterior()[d] != 0)
      return std::nullopt;
    if (pad.getLow()[d] == 0 && pad.getHigh()[d] == 0)
      continue;
    if (part)
      return std::nullopt;
    int64_t begin = pad.getLow()[d];
    part = Part{pad.getOperand(), d, begin, begin + pad.getOperand().getType().getDimSize(d)};
  }
  return part;
}

/// a + b + ..., in which all are such tensors and none overlaps another, is one concatenation. A
/// zero among them may change its sign.
struct JoinPads : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    if (op->hasOneUse() && isa<AddOp>(*op->user_begin()))
      return failure(); // the last sum takes all
    llvm::SmallVector<Part> parts;
    if (!collect(op, parts))
      return failure();
    llvm::sort(parts, [](const Part &a, const Part &b) { return a.begin < b.begin; });
    for (auto [before, after] : llvm::zip(parts, llvm::drop_begin(parts)))
      if (after.begin < before.end || after.dimension != before.dimension)
        return failure();
    llvm::SmallVector<Value> pieces;
    int64_t position = 0;
    auto fillTo = [&](int64_t end) {
      if (position < end)
        pieces.push_back(zeros(rewriter, op, parts.front().dimension, end - position));
    };
    for (const Part &part : parts) {
      fillTo(part.begin);
      pieces.push_back(part.value);
      position = part.end;
    }
    fillTo(op.getType().getDimSize(parts.front().dimension));
    rewriter.replaceOpWithNewOp<ConcatenateOp>(op, pieces, parts.front().dimension);
    return success();
  }

private:
  static bool collect(AddOp op, llvm::SmallVector<Part> &parts) {
    for (Value operand : op->getOperands()) {
      if (std::optional<Part> part = matchPart(operand)) {
        parts.push_back(*part);
        continue;
      }
      auto inner = operand.getDefiningOp<AddOp>();
      if (!inner || !inner->hasOneUse() || !collect(inner, parts))
        return false;
    }
    return true;
  }

  static Value zeros(PatternRewriter &rewriter, AddOp op, int64_t dimension, int64_t extent) {
    llvm::SmallVector<int64_t> shape(op.getType().getShape());
    shape[dimension] = extent;
    return splat(rewriter, op.getLoc(), op.getType().clone(shape), 0);
  }
};

} // namespace

void populatePadPatterns(RewritePatternSet &patterns) {
  patterns.add<JoinPads>(patterns.getContext());
}

} // namespace lamina::passes
